"""wsgi.file_wrapper: files, parts of files and things that only look like files (PEP 3333)."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.routes import WsgiRoutes
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import request

CONTENT = bytes(range(256)) * 4096
app = WsgiRoutes()
closed: list[str] = []


class Watched(io.BytesIO):
    """A file without a descriptor that notes its close()."""

    def close(self) -> None:
        closed.append("watched")
        super().close()


class Reader:
    """The least that a file-like object can be."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)


class NotedFile(io.FileIO):
    """A real file that notes its close()."""

    def close(self) -> None:
        if not self.closed:
            closed.append("file")
        super().close()


def real_file() -> NotedFile:
    descriptor, path = tempfile.mkstemp()
    os.write(descriptor, CONTENT)
    os.close(descriptor)
    file = NotedFile(path)
    Path(path).unlink()
    return file


def half_read() -> io.BufferedReader:
    """Its descriptor stands further on than the file itself: what was read ahead must be served too."""
    file = io.BufferedReader(real_file())
    assert len(file.read(10)) == 10
    return file


def inflating(module: Any) -> Any:
    """It has a fileno(), but what it reads stands nowhere."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(module.compress(CONTENT))
        file.flush()
        return module.open(file.name)


def named() -> Any:
    file = tempfile.NamedTemporaryFile()  # noqa: SIM115 - the server closes it
    file.write(CONTENT)
    file.seek(1000)
    return file


def wrapped(name: str, make: Any, length: int | None = None, seek: int = 0, block: int = 8192) -> None:
    """Register an application that answers with a wrapped file."""

    @app.at(name)
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        fields = [("Content-Type", "application/octet-stream")]
        if length is not None:
            fields.append(("Content-Length", str(length)))
        start_response("200 OK", fields)
        file = make()
        if seek:
            file.seek(seek)
        body: Iterable[bytes] = environ["wsgi.file_wrapper"](file, block)
        return body


wrapped("/file", real_file, len(CONTENT))
wrapped("/file-no-length", real_file)
wrapped("/file-offset", real_file, len(CONTENT) - 1000, seek=1000)
wrapped("/file-part", real_file, 5000, seek=1000)
wrapped("/file-at-end", real_file, 0, seek=len(CONTENT))
wrapped("/file-too-short", real_file, len(CONTENT) + 10)
wrapped("/buffered", lambda: io.BufferedReader(real_file()), 5000, seek=1000)
wrapped("/half-read", half_read, 5000)
wrapped("/bytes", lambda: Watched(CONTENT), len(CONTENT))
wrapped("/bytes-no-length", lambda: Watched(CONTENT))
wrapped("/bytes-offset", lambda: Watched(CONTENT), 5000, seek=1000)
wrapped("/reader", lambda: Reader(CONTENT), len(CONTENT), block=1000)
wrapped("/gzip", lambda: inflating(gzip))
wrapped("/bz2", lambda: inflating(bz2), len(CONTENT))
wrapped("/lzma", lambda: io.BufferedReader(inflating(lzma)), len(CONTENT))
wrapped("/named", named)


@app.at("/iterated")
def iterate_the_wrapper(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Middleware may iterate the wrapper itself instead of returning it."""
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    wrapper = environ["wsgi.file_wrapper"](real_file(), 1000)
    yield from wrapper
    wrapper.close()


@app.at("/hello")
def hello(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.fixture
def site(serve: Serve) -> Running:
    closed.clear()
    return serve(app)


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/file", CONTENT),
        ("/file-no-length", CONTENT),
        ("/file-offset", CONTENT[1000:]),
        ("/file-part", CONTENT[1000:6000]),
        ("/file-at-end", b""),
        ("/buffered", CONTENT[1000:6000]),
        ("/half-read", CONTENT[10:5010]),
        ("/bytes", CONTENT),
        ("/bytes-no-length", CONTENT),
        ("/bytes-offset", CONTENT[1000:6000]),
        ("/reader", CONTENT),
        ("/iterated", CONTENT),
    ],
)
def test_content(target: str, body: bytes, version: str, site: Running) -> None:
    with site.connect() as wire:
        if version == "HTTP/1.1":
            answer = wire.ask(request(target))
            assert wire.ask(request("/hello")).body == b"hello"
        else:
            wire.send(request(target, version=version))
            answer = wire.read_to_end().only_answer()
    assert answer.status == 200
    assert answer.body == body
    if target not in ("/reader",):
        eventually(lambda: len(closed) == 1, "the file is closed once")


@pytest.mark.parametrize("target", ["/gzip", "/bz2", "/lzma"])
def test_what_a_file_reads_is_sent_not_what_it_is_stored_as(target: str, site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request(target)).body == CONTENT


def test_a_temporary_file_is_sent_from_where_it_stands(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/named"))
    assert (answer.body, answer.framing) == (CONTENT[1000:], "length")


@pytest.mark.parametrize("target", ["/file", "/bytes", "/file-part"])
def test_head_of_a_file(target: str, site: Running) -> None:
    with site.connect() as wire:
        length = wire.ask(request(target, method="HEAD"), method=b"HEAD").field(b"content-length")
        assert wire.ask(request("/hello")).body == b"hello"
    assert length == (b"5000" if target == "/file-part" else b"%d" % len(CONTENT))
    eventually(lambda: len(closed) == 1, "the file is closed once")


def test_file_shorter_than_its_length_is_cut_short(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/file-too-short") + request("/hello"))
        data = wire.read_to_end().data
    assert data.count(b"HTTP/1.1 ") == 1
    assert data.startswith(b"HTTP/1.1 500") or data.endswith(CONTENT[-100:])
    site.logged("/file-too-short")
    eventually(lambda: closed == ["file"], "the file is closed")


def test_file_is_closed_when_the_client_vanishes(site: Running) -> None:
    for _ in range(5):
        closed.clear()
        with site.connect(receive_buffer=4096) as wire:
            wire.send(request("/file"))
            wire.read_until(b"\r\n\r\n")
            wire.reset()
        eventually(lambda: closed == ["file"], "the file is closed")
    assert "Traceback" not in site.log()


def test_files_of_pipelined_requests(site: Running) -> None:
    with site.connect() as wire:
        data = (request("/file-part") + request("/hello")) * 10
        answers = wire.ask_to_end(data + request("/hello", "Connection: close")).answers()
    assert [answer.body for answer in answers] == [CONTENT[1000:6000], b"hello"] * 10 + [b"hello"]


def test_file_to_a_slow_reader(site: Running) -> None:
    """The socket is often full: sendfile goes on where it stopped."""
    with site.connect(receive_buffer=4096) as wire:
        assert wire.ask(request("/file")).body == CONTENT
