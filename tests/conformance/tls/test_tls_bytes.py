"""TLS over every engine: what is sealed reads as what is plain, both ways, whole and in pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.process import serving
from tests.support.sealed import SealedSocket
from tests.support.sealed_clients import SEALS_ITSELF, sealed, tls_of
from tests.support.servers import Running, Servers, run
from tests.support.standalone import BLOCK
from tests.support.wire import chunked, request

pytestmark = SEALS_ITSELF

LARGE = 3_000_000
MOST_MEMORY = 12 * 1024 * 1024


def test_whole_bytewise_and_pipelined(site: Running) -> None:
    data = request("/echo", method="POST", body=b"abc") + request("/hello") + request("/stream")
    with sealed(site) as wire:
        wire.send(data)
        assert [wire.answer().body for _ in range(3)] == [b"abc", b"hello", b"onetwothree"]
        wire.send_bytewise(data)
        assert [wire.answer().body for _ in range(3)] == [b"abc", b"hello", b"onetwothree"]
        wire.send_split(data * 20, seed=7, pieces=50)
        assert [wire.answer().body for _ in range(60)] == [b"abc", b"hello", b"onetwothree"] * 20
    assert site.server.status()["counts"]["requests"] >= 66


def test_records_split_on_the_wire(site: Running) -> None:
    """TCP splits where it likes: in a record's head, and between two bytes of what is sealed."""
    with sealed(site) as wire:
        tls = tls_of(wire)
        tls.tls.write(request("/hello") * 3)
        for byte in memoryview(tls.outgoing.read()):
            tls.raw.send(bytes([byte]))
        assert [wire.answer().body for _ in range(3)] == [b"hello"] * 3


def test_large_bodies_both_ways(site: Running) -> None:
    body = bytes(range(256)) * (LARGE // 256)
    with sealed(site) as wire:
        wire.send(request("/echo", method="POST", body=body))
        assert wire.answer().body == body
        wire.send(request("/echo", "Transfer-Encoding: chunked", method="POST") + chunked(body, body[:7]))
        assert wire.answer().body == body + body[:7]
        assert len(wire.ask(request(f"/large?{LARGE}")).body) == LARGE
        assert len(wire.ask(request(f"/large-stream?{LARGE}")).body) == LARGE


def test_fifty_mebibytes_either_way_in_bounded_memory(engine: str, pair: dict[str, Any]) -> None:
    files = ("--certfile", pair["certfile"], "--keyfile", pair["keyfile"])
    count = 50 * 1024 * 1024 // len(BLOCK)
    with serving("--engine", engine, *files, "tests.support.standalone:wsgi") as process:
        with process.connect() as wire:
            wire.socket = SealedSocket(wire.socket)  # type: ignore[assignment]
            assert wire.ask(request("/hello")).body == b"hello"
            before = process.reset_peak()
            wire.send(request("/swallow", f"Content-Length: {count * len(BLOCK)}", method="POST"))
            for _ in range(count):
                wire.send(BLOCK)
            assert wire.answer().body == b"%d" % (count * len(BLOCK))
            wire.send(request(f"/flood?{count}", version="HTTP/1.0"))
            wire.read_until(b"\r\n\r\n")
            taken = len(wire.buffer)
            while piece := wire.socket.recv(262144):
                taken += len(piece)
            assert taken == count * len(BLOCK)
            assert not tls_of(wire).truncated
        assert process.memory() - before < MOST_MEMORY


def test_expect_continue(site: Running) -> None:
    with sealed(site) as wire:
        wire.send(request("/echo", "Content-Length: 3", "Expect: 100-continue", method="POST"))
        assert wire.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"abc")
        assert wire.answer().body == b"abc"


def test_a_slow_reader_gets_all_of_it(site: Running) -> None:
    wire = site.connect(receive_buffer=8192)
    if not isinstance(wire.socket, SealedSocket):
        wire.socket = SealedSocket(wire.socket)  # type: ignore[assignment]
    with wire:
        wire.send(request("/large-stream?2000000") + request("/hello"))
        assert len(wire.answer().body) == 2_000_000
        assert wire.answer().body == b"hello"


def test_files(servers: Servers, engine: str, tmp_path: Path, pair: dict[str, Any]) -> None:
    content = bytes(range(256)) * 40_000
    (tmp_path / "ten.bin").write_bytes(content)
    running = servers.get(str(tmp_path), engine, **pair)
    with sealed(running) as wire:
        assert wire.ask(request("/ten.bin")).body == content
        part = wire.ask(request("/ten.bin", "Range: bytes=1000000-1000099"))
        assert (part.status, part.body) == (206, content[1_000_000:1_000_100])


def test_a_file_that_was_cut_short_ends_visibly(
    servers: Servers, engine: str, tmp_path: Path, pair: dict[str, Any]
) -> None:
    file = tmp_path / "cut.bin"
    file.write_bytes(b"x" * 8_000_000)
    running = servers.get(str(tmp_path), engine, **pair)
    wire = running.connect(receive_buffer=8192)
    if not isinstance(wire.socket, SealedSocket):
        wire.socket = SealedSocket(wire.socket)  # type: ignore[assignment]
    with wire:
        wire.send(request("/cut.bin"))
        wire.read_until(b"\r\n\r\n")
        with file.open("r+b") as opened:
            opened.truncate(1_000_000)
        ending = wire.read_to_end()
        assert ending.reset or tls_of(wire).truncated
        assert len(ending.data) < 8_000_000


def test_a_raw_handler(engine: str, tmp_path: Path, pair: dict[str, Any]) -> None:
    with run(None, engine, tmp_path, tcp="echo", **pair) as running:
        assert running.server.url.startswith("tls://")
        with sealed(running) as wire:
            wire.send_bytewise(b"gear")
            while len(wire.buffer) < 4:
                wire.buffer += wire.socket.recv(100)
            wire.send(b"x" * 1_000_000)
            wire.half_close()
            assert wire.read_to_end() == (b"gear" + b"x" * 1_000_000, False)
            assert not tls_of(wire).truncated
