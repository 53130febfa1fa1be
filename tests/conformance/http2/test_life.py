"""HTTP/2 connections in the life of a server: off, drained, shifted, logged, looked at."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from gearshift import Server
from tests.conformance.conftest import Serve
from tests.support.http2 import NO_ERROR, PREFACE, REFUSED_STREAM, Http2Client
from tests.support.probe import AsgiProbe, WsgiProbe
from tests.support.routes import AsgiRoutes
from tests.support.servers import ENGINES
from tests.support.waiting import eventually


def made(app: Any, engine: str, **settings: Any) -> Server:
    return Server(app, engine=engine, bind="127.0.0.1:0", **settings)


def address(server: Server) -> tuple[str, int]:
    host, _, port = server.url.rpartition("//")[2].strip("/").partition(":")
    return host, int(port)


def test_off_it_is_no_request(serve_probe: Serve) -> None:
    site = serve_probe(http2="off")
    with Http2Client(site.address, greets=False) as client:
        client.send(PREFACE + bytes(9))
        client.until(lambda: client.closed)
        assert client._input.startswith(b"HTTP/1.1 4") or client._input.startswith(b"HTTP/1.1 505")


def test_without_a_descriptor_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], engine: str
) -> None:
    def full() -> Any:
        raise OSError(24, "Too many open files")

    with made(WsgiProbe(), engine) as server:
        with monkeypatch.context() as patched:
            patched.setattr("gearshift.http2.gateway.select.epoll", full)
            with Http2Client(address(server), greets=False) as client:
                client.send(PREFACE + bytes(9))
                client.until(lambda: client.closed)
                assert client._input.startswith(b"HTTP/1.1 ")
        with Http2Client(address(server)) as client:
            with monkeypatch.context() as patched:
                patched.setattr("gearshift.http2.gateway.socket.socketpair", full)
                client.headers(1)
                assert client.answer(1).code == REFUSED_STREAM
            client.headers(3)
            assert client.answer(3).body == b"hello"
    assert "an HTTP/2 connection is refused: [Errno 24] Too many open files" in capfd.readouterr().err


@pytest.mark.parametrize("kind", [WsgiProbe, AsgiProbe])
def test_draining_answers_what_has_begun(engine: str, kind: Any) -> None:
    if kind is WsgiProbe and engine in ("epoll", "uring"):
        pytest.skip("a handler that waits holds up the loop")
    probe = kind()
    server = made(probe, engine)
    server.start()
    try:
        with Http2Client(address(server)) as client, Http2Client(address(server)) as idle:
            idle.headers(1)
            idle.answer(1)
            client.headers(1, client.head(path="/gate"))
            eventually(lambda: "/gate" in probe.started, "it runs")
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            client.until(lambda: client.goaway)
            assert client.goaway is not None
            assert (client.goaway.code, client.goaway.payload[:4]) == (NO_ERROR, b"\0\0\0\1")
            idle.until(lambda: idle.closed)
            assert idle.goaway is not None
            probe.gate.set()
            assert client.answer(1).body == b"hello"
            assert client.stream(1).ended
            client.until(lambda: client.closed)
            assert client.closed
        stopping.join(5)
        assert not stopping.is_alive()
    finally:
        probe.gate.set()
        server.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "http2"]


@pytest.mark.parametrize("kind", [WsgiProbe, AsgiProbe])
def test_shifting_between_any_two_engines(kind: Any) -> None:
    """The connection goes along, with a stream that waits for the rest of its request."""
    with made(kind(), "auto") as server, Http2Client(address(server)) as client:
        stream = 1
        for engine in (*ENGINES, *reversed(ENGINES), "uring", "thread", "epoll", "auto", "pool"):
            server.shift(engine)
            client.headers(stream)
            assert client.answer(stream).body == b"hello"
            stream += 2
        client.headers(stream, client.head(method="POST", path="/echo"), ended=False)
        client.data(stream, b"one", ended=False)
        assert client.still_there()
        server.shift("epoll")
        client.headers(stream + 2)
        assert client.answer(stream + 2).body == b"hello"
        client.data(stream, b"two")
        assert client.answer(stream).body == b"onetwo"
        server.shift("pool")
        assert server.status()["engine"] == "pool"
        rows = server.status()["connections"]
        assert {row["engine"] for row in rows} == {"pool"}


def test_the_access_log_says_so(tmp_path: Path, engine: str) -> None:
    log = tmp_path / "access.log"
    server = made(WsgiProbe(), engine, access_log=str(log), access_log_format="json")
    with server, Http2Client(address(server)) as client:
        client.headers(1, [*client.head(path="/hello?a"), ("user-agent", "tests")])
        client.answer(1)
        peer = f"127.0.0.1:{client.socket.getsockname()[1]}"
    line = json.loads(log.read_text())
    assert (line["protocol"], line["method"], line["target"]) == ("HTTP/2.0", "GET", "/hello?a")
    assert (line["peer"], line["status"], line["user_agent"]) == (peer, 200, "tests")


def test_streams_stand_in_the_table_of_connections(engine: str) -> None:
    app = AsgiRoutes()
    rows: list[dict[str, Any]] = []

    @app.at("/")
    async def look(scope: Any, receive: Any, send: Any) -> None:
        rows.append(scope["extensions"]["gearshift.connection"].read())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @app.at("/wait")
    async def wait(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] == "http.request":
            pass

    with made(app, engine) as server, Http2Client(address(server)) as client:
        client.headers(1, client.head(method="POST", path="/wait"), ended=False)
        client.headers(3)
        client.answer(3)
        peer = f"127.0.0.1:{client.socket.getsockname()[1]}"
        found = {row["number"]: row for row in server.status()["connections"]}
    row = rows[0]
    outer = found[row["stream_of"]]
    assert (outer["stream_of"], outer["protocol"], outer["phase"]) == (None, "tcp", "carrying streams")
    assert (outer["speaks"], row["speaks"]) == ("HTTP/2", "HTTP/2")
    assert (row["remote"], row["local"]) == (peer, outer["local"])
    assert (row["method"], row["path"]) == ("GET", "/")
    assert outer["requests"] == 2


def test_hints_and_trailers(engine: str) -> None:
    app = AsgiRoutes()

    @app.at("/")
    async def both(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]})
        await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
        await send({"type": "http.response.body", "body": b"body", "more_body": False})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"42")]})

    with made(app, engine) as server, Http2Client(address(server)) as client:
        client.headers(1, [*client.head(), ("te", "trailers")])
        got = client.answer(1)
    assert [dict(head)[b":status"] for head in got.interim] == [b"103"]
    assert dict(got.interim[0])[b"link"] == b"</style.css>; rel=preload"
    assert (got.status, got.body, got.trailers) == (b"200", b"body", [(b"x-sum", b"42")])
    assert got.ended
