"""What a stream is to the application and to the client, on every engine and over both interfaces."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.http2 import (
    CANCEL,
    INITIAL_WINDOW,
    INTERNAL_ERROR,
    NO_ERROR,
    PREFACE,
    REFUSED_STREAM,
    SETTINGS,
    Http2Client,
    packed,
)
from tests.support.probe import BLOCK
from tests.support.routes import AsgiRoutes, WsgiRoutes
from tests.support.servers import Running
from tests.support.waiting import eventually

MEBIBYTE = 1 << 20
# Where the interface makes no difference.
over_asgi = pytest.mark.parametrize("interface", ["asgi"], indirect=True)


def upload(client: Http2Client, stream: int, body: bytes) -> None:
    """As fast as the server's windows allow; they are large enough for these bodies to be read on the way."""
    sent = 0
    while sent < len(body):
        piece = body[sent : sent + 16384]
        client.until(lambda: room(client, stream) - sent >= len(piece))  # noqa: B023 - called at once
        client.data(stream, piece, ended=sent + len(piece) == len(body))
        sent += len(piece)


def room(client: Http2Client, stream: int) -> int:
    """What the server lets come on that stream, from its beginning."""
    given = sum(int.from_bytes(f.payload) for f in client.frames if f.kind == 8 and f.stream == stream)
    return client.settings[INITIAL_WINDOW] + given


def test_what_the_application_is_told(site: Running, interface: str) -> None:
    with Http2Client(site.address) as client:
        fields = [
            *client.head(path="/seen?a=b", authority="example.org"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
        ]
        client.headers(1, [*fields, ("te", "trailers")])
        seen = json.loads(client.answer(1).body)
    assert seen["version"] == ("2.0" if interface == "wsgi" else "2")
    assert (seen["method"], seen["path"], seen["query"]) == ("GET", "/seen", "a=b")
    assert ["host", "example.org"] in seen["fields"]
    assert ["cookie", "a=1; b=2"] in seen["fields"]
    assert not {"connection", "transfer-encoding"} & {name for name, _ in seen["fields"]}


@over_asgi
def test_nothing_of_the_inner_framing_is_seen(site: Running) -> None:
    with Http2Client(site.address) as client:
        client.headers(1, client.head(path="/stream"))
        got = client.answer(1)
    names = [name for name, _ in got.final]
    assert got.body == b"onetwothree"
    assert not {b"connection", b"transfer-encoding", b"keep-alive", b"upgrade"} & set(names)
    assert {b":status", b"server", b"date", b"content-type"} <= set(names)


def test_a_slow_stream_delays_no_other(site: Running, interface: str) -> None:
    if interface == "wsgi" and site.engine in ("epoll", "uring"):
        pytest.skip("here a handler that waits holds up everything, as it does over HTTP/1.1")
    with Http2Client(site.address) as client:
        client.headers(1, client.head(path="/gate"))
        eventually(lambda: site.probe.started, "the slow one runs")
        for stream in range(3, 43, 2):
            client.headers(stream)
        for stream in range(3, 43, 2):
            assert client.answer(stream).body == b"hello"
        assert not client.stream(1).over
        site.probe.gate.set()
        assert client.answer(1).body == b"hello"


def test_bodies_both_ways(site: Running) -> None:
    body = bytes(range(256)) * 4096
    with Http2Client(site.address) as client:
        client.headers(1, client.head(method="POST", path="/echo"), ended=False)
        client.headers(
            3, [*client.head(method="POST", path="/echo"), ("content-length", str(len(body)))], ended=False
        )
        upload(client, 1, body)
        upload(client, 3, body)
        for stream in (1, 3):
            assert client.answer(stream).body == body
            assert client.stream(stream).ended


def test_large_answers_side_by_side(site: Running) -> None:
    size = 4 * MEBIBYTE + 5
    with Http2Client(site.address) as client:
        for stream, path in ((1, "/large"), (3, "/large-stream"), (5, "/large")):
            client.headers(stream, client.head(path=f"{path}?{size}"))
        for stream in (1, 3, 5):
            got = client.answer(stream)
            assert len(got.body) == size
            assert got.ended
        assert max(max(client.stream(stream).pieces) for stream in (1, 3, 5)) <= 16384


@over_asgi
def test_frames_that_come_byte_by_byte(site: Running) -> None:
    with Http2Client(site.address, greets=False) as client:
        opening = PREFACE + packed(SETTINGS, 0, 0) + packed(1, 5, 1, client.block(client.head(path="/hello")))
        for byte in opening:
            client.send(bytes([byte]))
        assert client.answer(1).body == b"hello"


@pytest.mark.parametrize("path", ["/midway", "/midway-length"])
def test_a_broken_answer_does_not_look_whole(site: Running, path: str) -> None:
    with Http2Client(site.address) as client:
        client.headers(1, client.head(path=path))
        got = client.answer(1)
        assert not got.ended
        assert got.code == INTERNAL_ERROR
        client.headers(3)
        assert client.answer(3).body == b"hello"


def test_an_error_before_the_answer_is_a_500(site: Running) -> None:
    with Http2Client(site.address) as client:
        client.headers(1, client.head(path="/raise"))
        assert client.answer(1).status == b"500"
        client.headers(3)
        assert client.answer(3).status == b"200"


@over_asgi
@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_content(site: Running, status: int) -> None:
    with Http2Client(site.address) as client:
        client.headers(1, client.head(path=f"/status?{status}"))
        got = client.answer(1)
        assert (got.status, got.body, got.ended) == (str(status).encode(), b"", True)
        client.headers(3, client.head(method="HEAD", path="/large?100000"))
        got = client.answer(3)
        assert (b"content-length", b"100000") in got.final
        assert got.body == b""


def test_an_answer_before_the_end_of_its_request(early_site: Running) -> None:
    """RFC 9113 section 8.1: the client is told that the rest of its body is not wanted."""
    with Http2Client(early_site.address) as client:
        client.headers(1, client.head(method="POST", path="/hello"), ended=False)
        client.data(1, b"begun", ended=False)
        client.until(lambda: client.stream(1).code is not None)
        assert client.stream(1).body == b"hello"
        assert client.stream(1).ended
        assert client.stream(1).code == NO_ERROR
        client.headers(3)
        assert client.answer(3).body == b"hello"


@pytest.mark.parametrize("length", [5, 0])
def test_an_answer_before_a_late_end_of_a_whole_request(site: Running, length: int) -> None:
    """Many clients say in a frame of its own that a body has ended: a reset before it would be their error."""
    with Http2Client(site.address) as client:
        fields = [*client.head(method="POST", path="/echo"), ("content-length", str(length))]
        client.headers(1, fields, ended=False)
        if length:
            client.data(1, b"whole", ended=False)
        client.until(lambda: client.stream(1).ended)
        client.data(1, b"")
        client.headers(3)
        assert client.answer(3).body == b"hello"
        assert client.stream(1).body == b"whole"[:length]
        assert client.stream(1).code is None


@over_asgi
def test_refusals_are_those_of_the_inner_parser(site: Running) -> None:
    with Http2Client(site.address) as client:
        client.headers(1, [*client.head(), *[(f"x-{number}", "1") for number in range(200)]])
        client.headers(3, client.head(path="/" + "a" * 9000))
        client.headers(5, client.head(authority=""))
        assert [client.answer(stream).status for stream in (1, 3, 5)] == [b"431", b"414", b"400"]
        client.headers(7)
        assert client.answer(7).status == b"200"
    assert site.probe.started == ["/"]


@over_asgi
def test_a_value_can_smuggle_nothing(site: Running) -> None:
    with Http2Client(site.address) as client:
        evil = "a\r\nContent-Length: 5\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        for number, field in enumerate([("x-evil", evil), ("x\r\nevil", "1"), ("x-evil", "\0")]):
            client.headers(2 * number + 1, [*client.head(), field])
            assert client.answer(2 * number + 1).code == 1
        client.headers(7, client.head(path="/ HTTP/1.1\r\nx: y"))
        assert client.answer(7).code == 1
        assert client.still_there()
    assert site.probe.started == []


# ---- disconnects -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["reset", "close"])
def test_an_application_hears_that_its_client_has_left(serve: Serve, engine: str, by: str) -> None:
    app = AsgiRoutes()
    told: list[str] = []

    @app.at("/wait")
    async def wait(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        told.append("begun")
        told.append((await receive())["type"])

    site = serve(app)
    with Http2Client(site.address) as client:
        client.headers(1, client.head(path="/wait"))
        eventually(lambda: told == ["begun"], "it runs")
        if by == "reset":
            client.reset(1)
            eventually(lambda: told[1:] == ["http.disconnect"], "it was told")
            assert client.still_there()
    eventually(lambda: told[1:] == ["http.disconnect"], "it was told")


def test_a_wsgi_answer_ends_when_its_client_has_left(serve: Serve) -> None:
    app = WsgiRoutes()
    closed = threading.Event()

    class Endless:
        def __iter__(self) -> Endless:
            return self

        def __next__(self) -> bytes:
            return BLOCK

        def close(self) -> None:
            closed.set()

    @app.at("/endless")
    def endless(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return Endless()

    site = serve(app)
    with Http2Client(site.address) as client:
        client.headers(1, client.head(path="/endless"))
        client.until(lambda: len(client.stream(1).body) > MEBIBYTE)
        client.reset(1)
        assert closed.wait(5)
        assert client.still_there()


# ---- flow control ------------------------------------------------------------------------------------------------


def test_nothing_is_read_ahead_of_a_closed_window(serve: Serve) -> None:
    app = WsgiRoutes()
    made: list[int] = []

    @app.at("/blocks")
    def blocks(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        for number in range(400):
            made.append(number)
            yield BLOCK

    site = serve(app)
    with Http2Client(site.address) as client:
        client.gives_back = False
        client.headers(1, client.head(path="/blocks"))
        client.until(lambda: len(client.stream(1).body) == 65535)
        for _ in range(20):
            assert client.still_there()
        # The socket pair's buffers, the output, and the piece in hand: not the 25 MiB that it would like to send.
        assert len(made) < 20
        client.gives_back = True
        client.window(0, 65535)
        client.window(1, 65535)
        assert len(client.answer(1).body) == 400 * len(BLOCK)


def test_wide_windows_fill_no_memory(serve: Serve) -> None:
    """A client that allows everything and reads nothing: the socket is full, and the application waits."""
    app = WsgiRoutes()
    made: list[int] = []

    @app.at("/blocks")
    def blocks(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        for number in range(4000):
            made.append(number)
            yield BLOCK

    site = serve(app)
    with Http2Client(site.address, {INITIAL_WINDOW: 2**31 - 1}) as client:
        client.window(0, 2**31 - 65536)
        client.headers(1, client.head(path="/blocks"))
        rests = 0
        while rests < 20:  # until it has made nothing for that many looks in a row
            before = len(made)
            threading.Event().wait(0.01)
            rests = rests + 1 if made and len(made) == before else 0
        # TCP's buffers may hold some megabytes on either side; the answer has 250.
        assert len(made) < 400
        with Http2Client(site.address) as other:
            assert other.still_there()


@over_asgi
def test_a_window_that_stays_closed_costs_the_stream(serve_probe: Serve) -> None:
    site = serve_probe(timeout_write=0.3)
    with Http2Client(site.address, {INITIAL_WINDOW: 0}) as client:
        client.headers(1, client.head(path="/stream"))
        client.until(lambda: client.stream(1).over)
        assert client.stream(1).code == CANCEL
        assert client.still_there()


@over_asgi
def test_an_idle_stream_with_a_closed_window_costs_nothing(serve_probe: Serve) -> None:
    site = serve_probe(timeout_write=0.3)
    with Http2Client(site.address, {INITIAL_WINDOW: 0}) as client:
        client.headers(1, client.head(path="/gate"))
        client.headers(3, client.head(path="/stream"))
        assert client.answer(3).code == CANCEL  # so long it has stayed
        assert not client.stream(1).over
        site.probe.gate.set()
        client.until(lambda: client.stream(1).heads)
        client.window(1, 100)
        assert client.answer(1).body == b"hello"


def test_an_application_that_reads_nothing_holds_its_client_back(early_site: Running) -> None:
    size = 0
    with Http2Client(early_site.address) as client:
        client.headers(1, client.head(method="POST", path="/gate-echo"), ended=False)
        eventually(lambda: early_site.probe.started, "it runs")
        while room(client, 1) - size >= 16384:
            client.data(1, bytes(16384), ended=False)
            size += 16384
            assert client.still_there()
        assert size < 8 * client.settings[INITIAL_WINDOW]
        early_site.probe.gate.set()
        upload_rest = MEBIBYTE
        sent = size
        while sent < size + upload_rest:
            client.until(lambda: room(client, 1) - sent >= 16384)  # noqa: B023 - called at once
            client.data(1, bytes(16384), ended=sent + 16384 >= size + upload_rest)
            sent += 16384
        assert client.answer(1).body == b"hello"
        assert client.stream(1).code is None


# ---- limits ------------------------------------------------------------------------------------------------------


def test_more_streams_than_allowed_are_refused(serve_probe: Serve, interface: str) -> None:
    site = serve_probe(http2_streams=2)
    with Http2Client(site.address) as client:
        for stream in (1, 3, 5):
            client.headers(stream, client.head(method="POST", path="/echo"), ended=False)
        assert client.answer(5).code == REFUSED_STREAM or client.goaway
