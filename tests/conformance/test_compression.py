"""Compressed answers on every engine and over both interfaces: whole, streamed, of files, and where they go wrong."""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from tests.support.answers import Answer
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import request

Serve = Callable[..., Running]
TEXT = b"".join(b"line %d of a text that repeats itself\n" % number for number in range(20_000))  # 800 KB
ALL = {"compress": ("zstd", "br", "gzip")}
GZIP = {"compress": "gzip"}


class Site:
    """Both twins: /whole, /large, /stream (which waits for its gate between two pieces), /cut, /short and others."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def head(self, path: str) -> tuple[list[tuple[str, str]], bytes]:
        body = {"/large": TEXT, "/tiny": b"tiny"}.get(path, TEXT[:5000])
        fields = [("Content-Type", "image/png" if path == "/image" else "text/plain"), ("ETag", '"x"')]
        if path == "/promised":
            fields.append(("Content-Length", str(len(body))))
        if path == "/short":
            fields.append(("Content-Length", "6000"))
        if path == "/cookie":
            fields.append(("Set-Cookie", "a=b"))
        return fields, body

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        fields, body = self.head(path)
        if path == "/written":
            start_response("200 OK", fields)(body)
            return []
        start_response("200 OK", fields)
        if path in ("/stream", "/cut"):
            return self.pieces(path)
        return [body]

    def pieces(self, path: str) -> Iterable[bytes]:
        yield b"first\n"
        if path == "/cut":
            raise RuntimeError("broken midway")
        self.gate.wait(10)
        yield b"second\n"

    async def asgi(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        path = scope["path"]
        fields, body = self.head(path)
        headers = [(name.lower().encode(), value.encode()) for name, value in fields]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if path not in ("/stream", "/cut"):
            await send({"type": "http.response.body", "body": body})
            return
        await send({"type": "http.response.body", "body": b"first\n", "more_body": True})
        if path == "/cut":
            raise RuntimeError("broken midway")
        async with asyncio.timeout(10):
            while not self.gate.is_set():
                await asyncio.sleep(0.001)
        await send({"type": "http.response.body", "body": b"second\n"})


SITES = {"wsgi": Site(), "asgi": Site()}
TWINS = {"wsgi": SITES["wsgi"].wsgi, "asgi": SITES["asgi"].asgi}


def decoded(answer: Answer) -> bytes:
    """The body as it was before, and the whole of it: a stream that is cut short is none."""
    coding = answer.field(b"content-encoding")
    if coding == b"gzip":
        stream = zlib.decompressobj(31)
        body = stream.decompress(answer.body)
        assert stream.eof
        return body
    if coding == b"br":
        return bytes(brotli.decompress(answer.body))
    if coding == b"zstd":
        reader = zstandard.ZstdDecompressor().decompressobj()
        body = reader.decompress(answer.body)
        assert reader.eof
        return bytes(body)
    assert coding is None
    return answer.body


def ask(running: Running, target: str, accepted: str = "gzip", *fields: str, **options: Any) -> Answer:
    return running.connect().ask(request(target, f"Accept-Encoding: {accepted}", *fields, **options))


@pytest.fixture
def twin(interface: str) -> Any:
    SITES[interface].gate.clear()
    return TWINS[interface]


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
@pytest.mark.parametrize(("target", "size"), [("/whole", 5000), ("/promised", 5000), ("/large", len(TEXT))])
def test_whole_bodies(serve: Serve, twin: Any, coding: str, target: str, size: int) -> None:
    """A short one has its compressed length, a long one goes in pieces; then the connection goes on."""
    wire = serve(twin, **ALL).connect()
    for _ in range(2):
        answer = wire.ask(request(target, f"Accept-Encoding: {coding}"))
        assert answer.field(b"content-encoding") == coding.encode()
        assert decoded(answer) == TEXT[:size]
        assert len(answer.body) < size // 4
        assert (answer.field(b"content-length") is None) == (size > 65536)
        assert (answer.field(b"etag"), answer.field(b"vary")) == (b'W/"x"', b"Accept-Encoding")


def test_pipelined_answers_keep_their_order(serve: Serve, twin: Any) -> None:
    wire = serve(twin, **GZIP).connect()
    targets = ["/whole", "/large", "/tiny", "/whole"]
    wire.send(b"".join(request(target, "Accept-Encoding: gzip") for target in targets))
    assert [len(decoded(wire.answer())) for _ in targets] == [5000, len(TEXT), 4, 5000]


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
def test_a_stream_can_be_read_as_it_comes(serve: Serve, twin: Any, interface: str, coding: str) -> None:
    """As server-sent events must: the first piece is whole at the client before the second is made."""
    wire = serve(twin, **ALL).connect()
    wire.send(request("/stream", f"Accept-Encoding: {coding}"))
    wire.read_until(b"\r\n\r\n")
    size = int(wire.read_until(b"\r\n"), 16)
    eventually(lambda: len(wire.buffer) >= size + 2 or wire._more("the first piece"), "the first piece")
    first = bytes(wire.buffer[:size])
    read = {
        "gzip": lambda: zlib.decompressobj(31).decompress,
        "br": lambda: brotli.Decompressor().process,
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
    }[coding]()
    assert read(first) == b"first\n"
    SITES[interface].gate.set()
    del wire.buffer[: size + 2]
    rest = b""
    while size := int(wire.read_until(b"\r\n"), 16):
        while len(wire.buffer) < size + 2:
            wire._more("the rest")
        rest += read(bytes(wire.buffer[:size]))
        del wire.buffer[: size + 2]
    assert rest == b"second\n"


@pytest.mark.parametrize("target", ["/tiny", "/image", "/cookie"])
def test_what_is_left_alone(serve: Serve, twin: Any, target: str) -> None:
    answer = ask(serve(twin, **GZIP), target)
    assert (answer.field(b"content-encoding"), answer.field(b"etag")) == (None, b'"x"')


def test_what_belongs_to_one_user(serve: Serve, twin: Any) -> None:
    for field in ("Cookie: session=1", "Authorization: Bearer x"):
        assert ask(serve(twin, **GZIP), "/whole", "gzip", field).field(b"content-encoding") is None
        private = ask(serve(twin, compress_private=True, **GZIP), "/whole", "gzip", field)
        assert private.field(b"content-encoding") == b"gzip"


def test_off_by_default(serve: Serve, twin: Any) -> None:
    answer = ask(serve(twin), "/whole")
    assert (answer.field(b"content-encoding"), answer.field(b"vary"), answer.body) == (
        None,
        None,
        TEXT[:5000],
    )


def test_the_answer_to_head(serve: Serve, twin: Any) -> None:
    wire = serve(twin, **GZIP).connect()
    answer = wire.ask(request("/whole", "Accept-Encoding: gzip", method="HEAD"), b"HEAD")
    assert (answer.field(b"content-encoding"), answer.field(b"content-length")) == (b"gzip", None)
    assert wire.ask(request("/whole")).body == TEXT[:5000]


def test_http_1_0(serve: Serve, twin: Any) -> None:
    running = serve(twin, **GZIP)
    answer = ask(running, "/whole", version="HTTP/1.0")
    assert (answer.field(b"content-encoding"), decoded(answer)) == (b"gzip", TEXT[:5000])
    answer = ask(running, "/large", version="HTTP/1.0")
    assert (answer.field(b"content-encoding"), answer.body) == (None, TEXT)


def test_an_answer_that_breaks_looks_broken(serve: Serve, twin: Any) -> None:
    running = serve(twin, **GZIP)
    data = running.connect().ask_to_end(request("/cut", "Accept-Encoding: gzip")).data
    assert b"Content-Encoding: gzip" in data
    size, _, rest = data.partition(b"\r\n\r\n")[2].partition(b"\r\n")
    assert zlib.decompressobj(31).decompress(rest[: int(size, 16)]) == b"first\n"
    assert b"\r\n0\r\n" not in rest
    running.logged("broken midway")


def test_a_promise_that_is_not_kept(serve: Serve, twin: Any) -> None:
    running = serve(twin, **GZIP)
    answer = ask(running, "/short")
    assert (answer.status, answer.field(b"content-encoding")) == (500, None)
    running.logged("ended after 5000 of 6000 bytes")


def test_what_is_written_at_once_is_not_compressed(serve: Serve) -> None:
    answer = ask(serve(SITES["wsgi"].wsgi, **GZIP), "/written")
    assert (answer.field(b"content-encoding"), answer.body) == (None, TEXT[:5000])


def test_a_reader_that_is_slow(serve: Serve, twin: Any) -> None:
    """A megabyte of noise does not shrink: more than a socket takes."""
    wire = serve(twin, **GZIP).connect(receive_buffer=4096)
    for _ in range(3):
        wire.send(request("/large", "Accept-Encoding: gzip"))
    assert [decoded(wire.answer()) == TEXT for _ in range(3)] == [True] * 3


def test_files(serve: Serve, tmp_path: Path) -> None:
    """In memory, by their descriptors, and what lies beside them compressed already, which goes first."""
    (tmp_path / "small.txt").write_bytes(TEXT[:5000])
    (tmp_path / "large.txt").write_bytes(TEXT)
    (tmp_path / "ready.txt").write_bytes(TEXT[:5000])
    (tmp_path / "ready.txt.gz").write_bytes(ready := zlib.compress(TEXT[:5000], 9, 31))
    wire = serve(str(tmp_path), **GZIP).connect()

    def get(target: str, *fields: str) -> Answer:
        return wire.ask(request(target, "Accept-Encoding: gzip", *fields))

    small, large = get("/small.txt"), get("/large.txt")
    assert (decoded(small), decoded(large)) == (TEXT[:5000], TEXT)
    assert (small.field(b"accept-ranges"), large.field(b"content-length")) == (None, None)
    tag = large.field(b"etag")
    assert tag is not None
    assert tag.startswith(b"W/")
    again = get("/large.txt", f"If-None-Match: {tag.decode()}")
    assert (again.status, again.field(b"etag"), again.field(b"vary")) == (304, tag, b"Accept-Encoding")
    part = get("/large.txt", "Range: bytes=0-4")
    assert (part.status, part.body, part.field(b"content-encoding")) == (206, TEXT[:5], None)
    beside = get("/ready.txt")
    assert (beside.body, beside.field(b"content-encoding")) == (ready, b"gzip")


def test_the_built_in_page(serve: Serve) -> None:
    answer = ask(serve(None, **GZIP), "/")
    assert b"<html" in decoded(answer)
    assert answer.field(b"content-encoding") == b"gzip"
