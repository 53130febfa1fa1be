"""Whatever a valid application answers, h11's client reads exactly that from the wire."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gearshift
from tests.properties.strategies import TOKEN, of_bytes

VALUE = bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100)) + b"\t"
# The server's own, or read by it.
RESERVED = {
    b"content-length",
    b"transfer-encoding",
    b"connection",
    b"date",
    b"server",
    b"keep-alive",
    b"trailer",
}
# RFC 9112 6.3: these have no body, whatever they say.
WITHOUT_BODY = {204, 304}


class Answer(NamedTuple):
    """What an application answers to a request of this kind."""

    method: str
    version: str
    close: bool
    status: int
    reason: str
    headers: list[tuple[str, str]]
    pieces: list[bytes]
    streamed: bool
    announced: bool  # its length, by the application


class Told:
    """A WSGI application that answers as it was told last."""

    def __init__(self) -> None:
        self.answer: Answer | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        assert self.answer is not None
        answer = self.answer
        headers = list(answer.headers)
        if answer.announced:
            headers.append(("Content-Length", str(sum(map(len, answer.pieces)))))
        start_response(f"{answer.status} {answer.reason}", headers)
        return iter(answer.pieces) if answer.streamed else answer.pieces


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Told, tuple[str, int]]]:
    application = Told()
    log = tmp_path_factory.mktemp("answers") / "log"
    with gearshift.Server(application, engine="epoll", bind="127.0.0.1:0", error_log=str(log)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        yield application, (host, int(port))
    assert "Traceback" not in log.read_text()


text = of_bytes(VALUE, 0, 20).map(lambda value: value.strip(b" \t").decode("latin-1"))
names = of_bytes(TOKEN, 1, 12).filter(lambda name: name.lower() not in RESERVED).map(bytes.decode)
pieces = st.one_of(st.binary(max_size=40), st.integers(0, 70000).map(lambda size: b"x" * size))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    status = draw(st.sampled_from([200, 200, 201, 204, 206, 301, 304, 404, 418, 500, 599]))
    body = [] if status in WITHOUT_BODY else draw(st.lists(pieces, max_size=5))
    return Answer(
        draw(st.sampled_from(["GET", "GET", "HEAD", "POST"])),
        draw(st.sampled_from(["1.1", "1.1", "1.0"])),
        draw(st.booleans()),
        status,
        draw(st.sampled_from(["OK", "", "Not as you think", "\xe9t\xe9"])),
        draw(st.lists(st.tuples(names, text), max_size=5)),
        body,
        draw(st.booleans()),
        status not in WITHOUT_BODY and draw(st.booleans()),
    )


def fetch(answer: Answer, address: tuple[str, int]) -> tuple[h11.Response, bytes, bool]:
    """The answer as h11 reads it, and whether the connection was kept open behind it."""
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method=answer.method, target="/", headers=[("Host", "a")]))
    parser.send(h11.EndOfMessage())
    with socket.create_connection(address, 10) as client:
        connection = "close" if answer.close else "keep-alive"
        client.sendall(
            f"{answer.method} / HTTP/{answer.version}\r\nHost: a\r\nConnection: {connection}\r\n\r\n".encode()
        )
        response, body, ended = None, b"", False
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                data = client.recv(262144)
                ended = ended or not data
                parser.receive_data(data)
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                assert isinstance(event, h11.EndOfMessage), event
                assert response is not None
                assert parser.trailing_data[0] == b""
                kept = not ended and b"close" not in dict(response.headers).get(b"connection", b"")
                if kept:
                    # It is kept if it answers again, and whatever stands between two answers would spoil the next.
                    client.sendall(b"GET /again HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    assert client.recv(9) == b"HTTP/1.1 "
                else:
                    assert client.recv(1) == b""
                return response, body, kept


@given(answer=answers())
@settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_answer_is_read_as_it_was_given(told: tuple[Told, tuple[str, int]], answer: Answer) -> None:
    application, address = told
    application.answer = answer
    response, body, kept = fetch(answer, address)
    whole = b"".join(answer.pieces)
    assert response.status_code == answer.status
    assert response.reason == answer.reason.encode("latin-1")
    assert body == (b"" if answer.method == "HEAD" else whole)
    theirs = [(name, value) for name, value in response.headers if name not in RESERVED]
    assert theirs == [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
    fields = dict(response.headers)
    assert fields[b"server"] == b"gearshift"
    assert fields[b"date"].endswith(b" GMT")
    if b"content-length" in fields and answer.status not in WITHOUT_BODY:
        assert int(fields[b"content-length"]) == len(whole)
    assert not (b"content-length" in fields and b"transfer-encoding" in fields)
    assert answer.version == "1.1" or b"transfer-encoding" not in fields
    # Only the end of the connection can end a body of unknown length in HTTP/1.0.
    of_unknown_length = answer.streamed and not answer.announced and answer.status not in WITHOUT_BODY
    must_close = answer.version == "1.0" and of_unknown_length and answer.method != "HEAD"
    assert kept == (not answer.close and not must_close)
