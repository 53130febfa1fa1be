"""A server's life with sealed connections: shift, drain, other certificates, crowds of handshakes."""

from __future__ import annotations

import select
import shutil
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.probe import WsgiProbe
from tests.support.sealed import certificates
from tests.support.sealed_clients import SEALS_ITSELF, raw, sealed, tls_of
from tests.support.servers import Running, run
from tests.support.waiting import eventually
from tests.support.wire import request

pytestmark = SEALS_ITSELF

HANDSHAKES = 150


def test_shift_keeps_sealed_connections(serve_probe: Any, engine: str, pair: dict[str, Any]) -> None:
    running: Running = serve_probe(timeout_body=20, **pair)
    half = request("/hello")
    with sealed(running) as idle, sealed(running) as begun, sealed(running) as split:
        assert idle.ask(request()).body == b"hello"
        begun.send(half[:20])
        tls_of(split).tls.write(half)
        record = tls_of(split).outgoing.read()
        tls_of(split).raw.sendall(record[:17])
        for other in ("thread", "uring", "pool", "auto", "epoll", engine):
            running.server.shift(other)
            assert idle.ask(request()).body == b"hello"
        begun.send(half[20:])
        tls_of(split).raw.sendall(record[17:])
        assert begun.answer().body == b"hello"
        assert split.answer().body == b"hello"


def test_drain_says_goodbye(engine: str, tmp_path: Path, pair: dict[str, Any]) -> None:
    with run(WsgiProbe(), engine, tmp_path, **pair) as running:
        idle, busy = sealed(running), sealed(running)
        assert idle.ask(request()).body == b"hello"
        busy.send(request("/gate"))
        eventually(lambda: "/gate" in running.probe.started, "it runs")
        running.server._serving.drain()
        if engine not in ("epoll", "uring"):  # whose loop is held up by the handler
            assert idle.read_to_end() == (b"", False)
            assert not tls_of(idle).truncated
        running.probe.gate.set()
        assert busy.answer().body == b"hello"
        assert busy.read_to_end() == (b"", False)
        assert not tls_of(busy).truncated


def test_certificates_change_without_a_restart(tmp_path: Path) -> None:
    """By the thread that looks once a second; the engines only take what the keyring has."""
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    shutil.copy(certificates().chain, cert)
    shutil.copy(certificates().key, key)
    with (
        run(WsgiProbe(), "epoll", tmp_path, certfile=cert, keyfile=key) as running,
        sealed(running) as before,
    ):
        other = certificates().issue("swapped", "swapped.test")
        shutil.copy(other[0], cert)
        shutil.copy(other[1], key)
        running.logged("the certificates have changed")
        with sealed(running, host="swapped.test") as after:
            assert after.ask(request()).body == b"hello"
        assert before.ask(request()).body == b"hello"


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_handshakes_let_requests_between_them(engine: str, tmp_path: Path, pair: dict[str, Any]) -> None:
    """Many that are due in the same moment: a request that came behind them is not the last to be answered."""
    context = certificates().client()
    with (
        run(WsgiProbe(), engine, tmp_path, **pair) as running,
        sealed(running) as held,
        sealed(running) as wire,
    ):
        waiting = [raw(running) for _ in range(HANDSHAKES)]
        assert wire.ask(request()).body == b"hello"
        eventually(lambda: running.server.status()["open_connections"] == HANDSHAKES + 2, "all are accepted")
        held.send(request("/gate"))
        eventually(lambda: "/gate" in running.probe.started, "the loop is held up")
        for plain in waiting:
            hello = ssl.MemoryBIO()
            with pytest.raises(ssl.SSLWantReadError):
                context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
            plain.sendall(hello.read())
        wire.send(request("/hello/behind"))
        running.probe.gate.set()
        assert wire.answer().body == b"hello"
        shaken = len(select.select(waiting, [], [], 0)[0])
        for plain in waiting:
            plain.close()
        assert shaken < HANDSHAKES // 2, f"{shaken} of {HANDSHAKES} handshakes came before one request"


def test_a_leader_that_is_relieved_while_it_signs(tmp_path: Path) -> None:
    """A signature with 4096 bits takes `auto` longer than it waits for a step: another thread polls meanwhile."""
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    new = ["openssl", "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*new, "-keyout", key, "-out", cert], check=True, capture_output=True, timeout=60)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with run(WsgiProbe(), "auto", tmp_path, certfile=cert, keyfile=key, threads=8) as running:

        def come_and_go(_: int) -> list[bytes]:
            bodies = []
            for _ in range(5):
                with sealed(running, context=context) as wire:
                    wire.send(request("/echo", method="POST", body=b"x" * 100_000))
                    bodies += [wire.answer().body, wire.ask(request()).body]
            return bodies

        with ThreadPoolExecutor(8) as clients:
            for bodies in clients.map(come_and_go, range(8)):
                assert bodies == [b"x" * 100_000, b"hello"] * 5
        assert running.server._serving.gear.engine.relieved > 0
        counts = running.server.status()["counts"]
        assert (counts["handshakes"], counts["handshakes_failed"]) == (40, 0)
    assert "Traceback" not in running.log()


def test_what_is_seen(site: Running) -> None:
    before = site.server.status()["counts"]["handshakes"]
    with sealed(site) as wire, raw(site) as plain:
        assert wire.ask(request()).body == b"hello"
        plain.sendall(b"\x16\x03\x01")

        def rows() -> dict[int, Any]:
            found = site.server.status()["connections"]
            return {int(row["remote"].rpartition(":")[2]): row for row in found}

        port = plain.getsockname()[1]
        eventually(lambda: rows().get(port, {}).get("phase") == "handshake", "it is in its handshake")
        assert rows()[port]["speaks"] is None
        row = rows()[wire.socket.getsockname()[1]]
        assert (row["speaks"], row["tls_version"], row["tls_cipher"]) == (
            "HTTP/1",
            tls_of(wire).tls.version(),
            (tls_of(wire).tls.cipher() or ("",))[0],
        )
        assert row["bytes_out"] > len(b"hello")
    assert site.server.status()["counts"]["handshakes"] == before + 1
    assert site.server.url.startswith("https://127.0.0.1:")
