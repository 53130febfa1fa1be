"""Path send, early hints and trailers (the extensions of ASGI's HTTP specification)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.routes import AsgiRoutes, answer
from tests.support.servers import Running
from tests.support.wire import request

CONTENT = bytes(range(256)) * 4096
LINKS = [b"</style.css>; rel=preload; as=style", b"</script.js>; rel=preload"]
app = AsgiRoutes()
paths: dict[str, str] = {}


def start(status: int = 200, **more: Any) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-type", b"text/plain")],
        **more,
    }


@app.at("/file")
async def send_path(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start())
    await send({"type": "http.response.pathsend", "path": paths["file"]})


@app.at("/file-length")
async def send_path_with_length(scope: dict[str, Any], receive: Any, send: Any) -> None:
    length = b"%d" % len(CONTENT)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.pathsend", "path": paths["file"]})


@app.at("/empty-file")
async def send_empty_path(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start())
    await send({"type": "http.response.pathsend", "path": paths["empty"]})


@app.at("/no-file")
async def send_missing_path(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start())
    await send({"type": "http.response.pathsend", "path": paths["file"] + ".missing"})


@app.at("/fifo")
async def send_fifo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start())
    await send({"type": "http.response.pathsend", "path": paths["fifo"]})


@app.at("/folder")
async def send_folder(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start())
    await send({"type": "http.response.pathsend", "path": paths["folder"]})


@app.at("/hints")
async def send_hints(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Before and behind the start of the answer, more than once."""
    await send({"type": "http.response.early_hint", "links": LINKS})
    await send(start())
    await send({"type": "http.response.early_hint", "links": iter(LINKS[:1])})
    await send({"type": "http.response.body", "body": b"hinted"})


@app.at("/bad-hint")
async def send_bad_hint(scope: dict[str, Any], receive: Any, send: Any) -> None:
    try:
        await send({"type": "http.response.early_hint", "links": [b"</a>\r\nX-Injected: 1"]})
    except Exception:
        await answer(send, b"refused")
    else:
        await answer(send, b"accepted")


@app.at("/late-hint")
async def send_late_hint(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start())
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    try:
        await send({"type": "http.response.early_hint", "links": LINKS})
    except Exception:
        await send({"type": "http.response.body", "body": b" refused"})
    else:
        await send({"type": "http.response.body", "body": b" ignored"})


@app.at("/trailers")
async def send_trailers(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start(trailers=True))
    await send({"type": "http.response.body", "body": b"body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": True})
    await send({"type": "http.response.trailers", "headers": [(b"x-end", b"2")]})


@app.at("/bad-trailers")
async def send_bad_trailers(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start(trailers=True))
    await send({"type": "http.response.body", "body": b"body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1\r\nX-Injected: 1")]})


@app.at("/framing-trailers")
async def send_framing_trailers(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(start(trailers=True))
    await send({"type": "http.response.body", "body": b"body"})
    await send({"type": "http.response.trailers", "headers": [(scope["query_string"], b"5")]})


@app.at("/hello")
async def hello(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await answer(send, b"hello")


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "file").write_bytes(CONTENT)
        Path(folder, "empty").write_bytes(b"")
        os.mkfifo(f"{folder}/fifo")
        paths.update(file=f"{folder}/file", empty=f"{folder}/empty", fifo=f"{folder}/fifo", folder=folder)
        yield


@pytest.fixture
def site(serve: Serve) -> Running:
    return serve(app)


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("target", ["/file", "/file-length", "/empty-file"])
def test_pathsend(target: str, version: str, site: Running) -> None:
    with site.connect() as wire:
        reply = wire.ask(request(target, "Connection: keep-alive", version=version))
        assert reply.body == (b"" if target == "/empty-file" else CONTENT)
        # The server knows the file's size, so it can always say it.
        assert reply.framing == "length"
        assert wire.ask(request("/hello")).body == b"hello"


def test_pathsend_to_head(site: Running) -> None:
    with site.connect() as wire:
        reply = wire.ask(request("/file", method="HEAD"), method=b"HEAD")
        assert reply.field(b"content-length") in (None, b"%d" % len(CONTENT))
        assert wire.ask(request("/hello")).body == b"hello"


def test_pathsend_of_a_missing_file(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/no-file", "Connection: close"))
        assert wire.read_to_end().only_answer().status == 500
    site.logged("/no-file")


@pytest.mark.parametrize("target", ["/fifo", "/folder"])
def test_pathsend_of_what_is_no_file(target: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target, "Connection: close"))
        assert wire.read_to_end().only_answer().status == 500
    site.logged("which is no regular file")


def test_pathsend_to_a_slow_reader(site: Running) -> None:
    with site.connect(receive_buffer=4096) as wire:
        assert wire.ask(request("/file")).body == CONTENT


def test_early_hints(site: Running) -> None:
    with site.connect() as wire:
        reply = wire.ask(request("/hints"))
        assert wire.ask(request("/hello")).interim == []
    assert reply.body == b"hinted"
    assert [(hint.status, hint.all(b"link")) for hint in reply.interim] == [(103, LINKS), (103, LINKS[:1])]


def test_no_early_hints_for_http_1_0(site: Running) -> None:
    """RFC 9110 15.2: a server must not send an interim answer to an HTTP/1.0 client."""
    with site.connect() as wire:
        wire.send(request("/hints", version="HTTP/1.0"))
        reply = wire.read_to_end().only_answer()
    assert (reply.interim, reply.body) == ([], b"hinted")


def test_early_hint_cannot_inject(site: Running) -> None:
    with site.connect() as wire:
        reply = wire.ask(request("/bad-hint"))
    assert (reply.interim, reply.body) == ([], b"refused")


def test_early_hint_behind_the_first_byte_is_never_sent(site: Running) -> None:
    with site.connect() as wire:
        reply = wire.ask(request("/late-hint"))
        assert reply.body in (b"a refused", b"a ignored")
        assert wire.ask(request("/hello")).body == b"hello"


def test_trailers(site: Running) -> None:
    with site.connect() as wire:
        reply = wire.ask(request("/trailers", "TE: trailers", "Connection: TE"))
        assert wire.ask(request("/hello")).body == b"hello"
    assert (reply.framing, reply.body) == ("chunked", b"body")
    assert reply.trailers == [(b"x-sum", b"1"), (b"x-end", b"2")]


@pytest.mark.parametrize("field", ["X-Nothing: 1", "TE: deflate", "TE: xtrailers"])
def test_trailers_only_where_the_client_takes_them(field: str, site: Running) -> None:
    with site.connect() as wire:
        reply = wire.ask(request("/trailers", field))
        assert (reply.body, reply.trailers) == (b"body", [])
        assert wire.ask(request("/hello")).body == b"hello"


def test_no_trailers_for_http_1_0(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/trailers", "TE: trailers", version="HTTP/1.0"))
        assert wire.read_to_end().only_answer().body == b"body"


@pytest.mark.parametrize("name", ["content-length", "Transfer-Encoding", "connection", "trailer", "host"])
def test_trailers_cannot_frame(name: str, site: Running) -> None:
    """RFC 9110 6.5.1: what says where a message ends or goes comes before it."""
    with site.connect() as wire:
        wire.send(request(f"/framing-trailers?{name}", "TE: trailers", "Connection: close"))
        data = wire.read_to_end().data
    assert name.encode() + b": 5" not in data
    assert not data.endswith(b"0\r\n\r\n")
    site.logged("/framing-trailers")


def test_trailers_cannot_inject(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/bad-trailers", "TE: trailers", "Connection: close"))
        data = wire.read_to_end().data
    assert b"Injected" not in data
    assert not data.endswith(b"0\r\n\r\n")
    site.logged("/bad-trailers")
