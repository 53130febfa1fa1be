"""Applications for servers in a process of their own: WSGI and ASGI twins that sleep, flood, swallow and hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from typing import Any

BLOCK = b"0123456789abcdef" * 4096
PAUSES = 10
PAUSE = 0.02
produced = 0


def _plain(body: bytes) -> list[tuple[str, str]]:
    return [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """/sleep?SECONDS, /steps?SECONDS (before its second piece), /flood?BLOCKS, /swallow (pauses at first), /produced,
    and hello for everything else.
    """
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    body = b"hello"
    if path == "/flood":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _flood(int(query))
    if path == "/steps":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _steps(float(query))
    if path == "/sleep":
        time.sleep(float(query))
    elif path == "/swallow":
        total = pieces = 0
        while piece := environ["wsgi.input"].read(len(BLOCK)):
            total += len(piece)
            if pieces < PAUSES:
                pieces += 1
                time.sleep(PAUSE)
        body = b"%d" % total
    elif path == "/echo":
        body = environ["wsgi.input"].read()
    elif path == "/produced":
        body = b"%d" % produced
    elif path == "/raise":
        raise RuntimeError("asked to raise")
    start_response("200 OK", _plain(body))
    return [body]


def _steps(seconds: float) -> Iterator[bytes]:
    yield b"first"
    time.sleep(seconds)
    yield b"second"


def _flood(count: int) -> Iterator[bytes]:
    global produced
    produced = 0
    for _ in range(count):
        produced += len(BLOCK)
        yield BLOCK


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The same for ASGI; /hold answers nothing and reads nothing until the client is gone."""
    global produced
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    path, query = scope["path"], scope["query_string"].decode()
    body = b"hello"
    if path == "/flood":
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
        )
        produced = 0
        for _ in range(int(query)):
            produced += len(BLOCK)
            await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
        await send({"type": "http.response.body"})
        return
    if path in ("/sleep", "/hold"):
        await asyncio.sleep(float(query))
    elif path in ("/swallow", "/echo"):
        body = await _swallow(receive, keep=path == "/echo")
    elif path == "/produced":
        body = b"%d" % produced
    elif path == "/raise":
        raise RuntimeError("asked to raise")
    headers = [(name.lower().encode(), value.encode()) for name, value in _plain(body)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _swallow(receive: Any, keep: bool) -> bytes:
    total = pieces = 0
    kept: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client went away")
        more = message["more_body"]
        total += len(message["body"])
        if keep:
            kept.append(message["body"])
        elif pieces < PAUSES:
            pieces += 1
            await asyncio.sleep(PAUSE)
    return b"".join(kept) if keep else b"%d" % total


async def blocking(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """As asgi, and /block?SECONDS holds up the whole loop."""
    if scope["type"] == "http" and scope["path"] == "/block":
        time.sleep(float(scope["query_string"]))
    await asgi(scope, receive, send)
