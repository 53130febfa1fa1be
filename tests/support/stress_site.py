"""Twins for the stress test: /KIND/WORD/NUMBER/NAME, where the word makes a kind of request of its own for `auto`.

The answer repeats the path, so that an answer to another request is told from the right one; expected() says what it
is.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

PIECE = 8192


def expected(path: bytes, body: bytes) -> bytes:
    """What the answer to that request must be."""
    _, kind, _, number, _ = path.split(b"/")
    if kind == b"large":
        return large(path, int(number) * 1024)
    if kind == b"drip":
        return path * int(number)
    if kind == b"echo":
        return told(path, len(body), zlib.crc32(body))
    return path


def large(path: bytes, size: int) -> bytes:
    """So many bytes that no other path gives."""
    return (path * (size // len(path) + 1))[:size]


def told(path: bytes, size: int, checksum: int) -> bytes:
    """A body, in short."""
    return b"%b %d %d" % (path, size, checksum)


def spin(milliseconds: int) -> None:
    """Uses the processor and holds the interpreter for so long."""
    ends = time.perf_counter() + milliseconds / 1000
    while time.perf_counter() < ends:
        pass


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"].encode()
    _, kind, _, number, _ = path.split(b"/")
    amount = int(number)
    if kind == b"large":
        start_response("200 OK", [])
        return _large_in_pieces(path, amount * 1024)
    if kind == b"drip":
        start_response("200 OK", [])
        return _drip(path, amount)
    body = path
    if kind == b"block":
        time.sleep(amount / 1000)
    elif kind == b"spin":
        spin(amount)
    elif kind == b"echo":
        size = checksum = 0
        while piece := environ["wsgi.input"].read(PIECE):
            size += len(piece)
            checksum = zlib.crc32(piece, checksum)
        body = told(path, size, checksum)
    elif kind == b"write":
        start_response("200 OK", [])(body[:3])
        return [body[3:]]
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def _large_in_pieces(path: bytes, size: int) -> Iterator[bytes]:
    data = large(path, size)
    for at in range(0, size, PIECE):
        yield data[at : at + PIECE]


def _drip(path: bytes, count: int) -> Iterator[bytes]:
    for _ in range(count):
        time.sleep(0.004)
        yield path


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    path = scope["path"].encode()
    _, kind, _, number, _ = path.split(b"/")
    amount = int(number)
    pieces = [path]
    if kind == b"block":
        await asyncio.sleep(amount / 1000)
    elif kind == b"spin":
        spin(amount)
    elif kind == b"echo":
        size = checksum = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            checksum = zlib.crc32(message["body"], checksum)
            more = message["more_body"]
        pieces = [told(path, size, checksum)]
    elif kind == b"large":
        data = large(path, amount * 1024)
        pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
    elif kind == b"drip":
        pieces = [path] * amount
    elif kind == b"write":
        pieces = [path[:3], path[3:]]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        for piece in pieces:
            if kind == b"drip":
                await asyncio.sleep(0.004)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
    except OSError:
        pass  # the client has left
