"""wsgi.input: read, readline, readlines and iteration with every size (PEP 3333, "Input and Error Streams")."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.routes import WsgiRoutes
from tests.support.servers import Running
from tests.support.wire import chunked, request

TEXT = b"first line\nsecond\r\n\n" + b"x" * 60_000 + b"\n" + b"y" * 300 + b"\nlast without end"
SIZES: list[tuple[Any, ...]] = [
    (),
    (-1,),
    (None,),
    (0,),
    (1,),
    (5,),
    (10,),
    (11,),
    (12,),
    (50_000,),
    (10**9,),
]
app = WsgiRoutes()


def repeat(read: Callable[[], bytes]) -> list[bytes]:
    """What a call gives until it gives nothing."""
    pieces = [read()]
    while pieces[-1]:
        pieces.append(read())
    return pieces


def mixture(stream: Any) -> list[bytes]:
    """All the ways in turn."""
    return [
        stream.read(3),
        stream.readline(),
        stream.readline(2),
        next(iter(stream)),
        *stream.readlines(1),
        stream.read(),
        stream.read(),
    ]


READERS: dict[str, Callable[[Any], Any]] = {
    **{f"read{size}": lambda stream, size=size: stream.read(*size) for size in SIZES},
    **{
        f"read-again{size}": lambda stream, size=size: repeat(lambda: stream.read(*size))
        for size in SIZES
        if size[:1] != (1,)
    },
    **{
        f"readline{size}": lambda stream, size=size: [stream.readline(*size) for _ in range(20)]
        for size in SIZES
    },
    **{f"readlines{size}": lambda stream, size=size: stream.readlines(*size) for size in SIZES},
    **{
        f"readlines-again{size}": lambda stream, size=size: [stream.readlines(*size), stream.readlines()]
        for size in SIZES
    },
    "iterate": lambda stream: list(stream),
    "iterate-twice": lambda stream: [list(stream), list(stream)],
    "next": lambda stream: [next(iter(stream)), next(iter(stream))],
    "mixture": mixture,
    "read-past-the-end": lambda stream: [
        stream.read(),
        stream.read(),
        stream.read(5),
        stream.readline(),
        stream.readlines(),
        list(stream),
    ],
}


@app.at("/read")
def read(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Digest of what the reader named in the query gives."""
    name = environ["QUERY_STRING"].replace("%20", " ")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [digest(READERS[name](environ["wsgi.input"]))]


@app.at("/late")
def read_late(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The body is read between pieces of the answer."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun;"
    while piece := environ["wsgi.input"].read(4):
        yield piece + b";"


@app.at("/part")
def read_part(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Only the first bytes are read."""
    body = environ["wsgi.input"].read(3)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@app.at("/catches")
def catch(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """What reading raises is no concern of this one."""
    with contextlib.suppress(OSError):
        environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "4")])
    return [b"fine"]


def digest(value: object) -> bytes:
    """Shapes and contents, short enough to compare."""
    assert type(value) in (bytes, list), type(value)
    return hashlib.sha256(repr(value).encode()).hexdigest().encode()


@pytest.fixture
def site(serve: Serve) -> Running:
    return serve(app)


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("name", READERS)
def test_reads_as_a_file_does(name: str, framing: str, site: Running) -> None:
    target = "/read?" + name.replace(" ", "%20")
    # io.BytesIO is the reference; unlike it, a stream may be asked for `readlines(hint)` only as a hint.
    expected = digest(READERS[name](io.BytesIO(TEXT)))
    with site.connect() as wire:
        if framing == "length":
            wire.send(request(target, method="POST", body=TEXT))
        else:
            pieces = [TEXT[at : at + 7001] for at in range(0, len(TEXT), 7001)]
            wire.send(request(target, "Transfer-Encoding: chunked", method="POST") + chunked(*pieces))
        answer = wire.answer()
        assert answer.status == 200, site.log()
        assert answer.body == expected
        assert wire.ask(request("/read?read()")).body == digest(b"")


@pytest.mark.parametrize("name", READERS)
def test_reads_an_empty_body(name: str, site: Running) -> None:
    if name == "next" or name == "mixture":
        pytest.skip("there is no next line")
    target = "/read?" + name.replace(" ", "%20")
    with site.connect() as wire:
        for data in (request(target), request(target, "Content-Length: 0", method="POST")):
            assert wire.ask(data).body == digest(READERS[name](io.BytesIO(b""))), site.log()


def test_reads_while_the_body_arrives(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/read?iterate", f"Content-Length: {len(TEXT)}", method="POST"))
        for at in range(0, len(TEXT), 9000):
            wire.send(TEXT[at : at + 9000])
        assert wire.answer().body == digest(list(io.BytesIO(TEXT)))


def test_reading_between_pieces_of_the_answer(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/late", method="POST", body=b"0123456789"))
    assert answer.body == b"begun;0123;4567;89;"


@pytest.mark.parametrize("size", [3, 4, 60_000])
def test_rest_of_a_partly_read_body_is_drained(size: int, site: Running) -> None:
    with site.connect() as wire:
        for _ in range(3):
            assert wire.ask(request("/part", method="POST", body=b"abc".ljust(size, b"x"))).body == b"abc"
        wire.send(
            request("/part", "Transfer-Encoding: chunked", method="POST") + chunked(b"abc", b"x" * size)
        )
        assert wire.answer().body == b"abc"
        assert wire.ask(request("/part")).body == b""


@pytest.mark.parametrize("body", [b"x", b"5\r\nhelloXX", b"5\r\nhello\r\n0\r\nbad name: x\r\n\r\n"])
def test_a_malformed_body_is_refused_whatever_the_application_says(body: bytes, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/catches", "Transfer-Encoding: chunked", method="POST") + body + request("/part"))
        answer = wire.read_to_end().only_answer()
    assert answer.status == 400
    assert answer.closes


def test_never_reads_into_the_next_request(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/read?read(1000000000,)", method="POST", body=b"hello") + request("/read?read()"))
        assert [wire.answer().body, wire.answer().body] == [digest(b"hello"), digest(b"")]
