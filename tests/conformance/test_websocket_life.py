"""What the server does of its own with WebSockets: limits, compression, pings, its end, a shift, what it tells."""

from __future__ import annotations

import json
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.websocket_site import app, seen
from tests.support.servers import ENGINES, Running, run
from tests.support.waiting import eventually
from tests.support.websocket_wire import (
    BINARY,
    CONTINUATION,
    DEFLATE,
    PING,
    PONG,
    TEXT,
    Talk,
    close,
    frame,
    talk,
)
from tests.support.wire import request

RSV1 = 0x40
TAIL = b"\x00\x00\xff\xff"


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


@pytest.fixture
def site(serve: Serve) -> Running:
    return serve(app)


def echoes(line: Talk, text: str) -> None:
    line.send(TEXT, text.encode())
    assert line.message() == text


def deflated(stream: Any, data: bytes) -> bytes:
    done: bytes = stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
    return done.removesuffix(TAIL)


def test_messages_have_a_limit(serve: Serve) -> None:
    site = serve(app, websocket_message=1000)
    line = talk(site)
    echoes(line, "x" * 1000)
    line.wire.send(frame(TEXT, b"x" * 1001))
    assert line.close_frame().code == 1009
    line.ended()
    line = talk(site)
    line.wire.send(frame(BINARY, bytes(600), fin=False) + frame(CONTINUATION, bytes(401)))
    assert line.close_frame().code == 1009


def test_compressed_both_ways(site: Running) -> None:
    line = talk(site, "/echo", DEFLATE)
    out = zlib.compressobj(wbits=-15)
    back = zlib.decompressobj(-15)
    text = b"It is said over and over again. " * 100
    sizes = []
    for _time in range(3):
        line.wire.send(frame(TEXT, deflated(out, text), rsv=RSV1))
        got = line.frame()
        assert got.first == 0x80 | RSV1 | TEXT
        assert back.decompress(got.payload + TAIL) == text
        sizes.append(len(got.payload))
    assert sizes[1] < sizes[0] < len(text) // 10, "the second time it refers to the first"
    line.wire.send(frame(TEXT, b"short, and not compressed"))
    assert line.message() == "short, and not compressed"


def test_a_compressed_message_has_the_same_limit(serve: Serve) -> None:
    site = serve(app, websocket_message=100_000)
    line = talk(site, "/echo", DEFLATE)
    bomb = deflated(zlib.compressobj(9, wbits=-15), bytes(50_000_000))
    assert len(bomb) < 100_000
    line.wire.send(frame(BINARY, bomb, rsv=RSV1))
    assert line.close_frame().code == 1009
    line = talk(site, "/echo", DEFLATE)
    line.wire.send(frame(BINARY, b"\xff\xff\xff\xff", rsv=RSV1))
    assert line.close_frame().code == 1007


def test_compression_is_a_setting(serve: Serve) -> None:
    site = serve(app, websocket_compression=False)
    line = talk(site, "/echo", DEFLATE)
    line.wire.send(frame(TEXT, b"reserved", rsv=RSV1))
    assert line.close_frame().code == 1002


def test_silent_clients_are_asked(serve: Serve) -> None:
    site = serve(app, websocket_ping=0.08, websocket_patience=0.4)
    line = talk(site)
    for _time in range(3):
        assert line.frame().opcode == PING
        line.send(PONG)
    echoes(line, "alive")
    got = line.frame()
    while got.opcode == PING:
        got = line.frame()
    assert (got.opcode, got.code) == (8, 1011)
    line.ended()
    assert eventually(lambda: seen["/echo"], "it is told")[0]["code"] == 1006


def test_who_does_not_answer_a_close_is_given_up(serve: Serve) -> None:
    site = serve(app, websocket_patience=0.2)
    line = talk(site, "/closes")
    assert line.message() == "last"
    assert line.close_frame().code == 3001
    line.ended()


def test_the_end_of_the_server(engine: str, tmp_path: Path) -> None:
    with run(app, engine, tmp_path, timeout_drain=5) as site:
        line = talk(site)
        echoes(line, "before")
        mute = talk(site)
        stopping = threading.Thread(target=site.server.stop)
        began = time.monotonic()
        stopping.start()
        assert line.close_frame().code == 1001
        line.wire.send(close(1001))
        line.ended()
        assert mute.close_frame().code == 1001
        mute.wire.socket.close()
        stopping.join()
        assert time.monotonic() - began < 4
        assert [message["code"] for message in seen["/echo"]] == [1001, 1001]
        assert "error" not in site.log()


def test_a_drain_has_its_deadline(engine: str, tmp_path: Path) -> None:
    with run(app, engine, tmp_path, timeout_drain=0.3) as site:
        line = talk(site)
        echoes(line, "before")
        site.server.stop()
        assert line.close_frame().code == 1001
        assert line.wire.read_to_end().data == b""


def test_shift(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open one stays with its engine until it ends; new ones are the next engine's."""
    monkeypatch.setattr("gearshift.gearbox.LEAVING", 0.05)
    successor = ENGINES[(ENGINES.index(engine) + 1) % len(ENGINES)]
    with run(app, engine, tmp_path) as site:
        line = talk(site)
        echoes(line, "before")
        assert site.server.shift(successor) == 1
        echoes(line, "after")
        other = talk(site)
        echoes(other, "new")
        assert site.server.status()["leaving"] == [{"engine": engine, "connections": 1}]
        line.wire.send(close())
        assert line.close_frame().code == 1000
        eventually(lambda: site.server.status()["leaving"] == [], "the former engine has ended")
        echoes(other, "still")
        other.wire.send(close())
        assert other.close_frame().code == 1000


def test_open_ones_keep_no_thread_of_a_pool(tmp_path: Path) -> None:
    with run(app, "pool", tmp_path, threads=2) as site:
        lines = [talk(site) for _number in range(8)]
        for turn in range(3):
            for line in lines:
                echoes(line, f"turn {turn}")
        with site.connect() as wire:
            assert wire.ask(request("/plain")).body == b"http"
        for line in lines:
            line.wire.send(close())
            assert line.close_frame().code == 1000


def test_what_is_told_of_it(engine: str, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with run(app, engine, tmp_path, access_log=str(log), access_log_format="json", slow_request=0.05) as site:
        line = talk(site)
        for number in range(3):
            echoes(line, str(number))
        (row,) = site.server.status()["connections"]
        assert (row["phase"], row["path"], row["speaks"]) == ("websocket", "/echo", "WebSocket")
        assert (row["messages_in"], row["messages_out"]) == (3, 3)
        time.sleep(0.2)  # longer than --slow-request, and not told
        counts = site.server.status()["counts"]
        assert (counts["websockets"], counts["websocket_messages_in"]) == (1, 3)
        assert counts["websocket_messages_out"] == 3
        line.wire.send(close())
        assert line.close_frame().code == 1000
        line.ended()
        assert "error" not in site.log()
        assert "has run for" not in site.log()
    entry = json.loads(log.read_text())  # one line, written when the server has ended at the latest
    assert (entry["status"], entry["target"]) == (101, "/echo")
    assert entry["body_bytes"] > 0
