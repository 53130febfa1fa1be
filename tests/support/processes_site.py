"""WSGI and ASGI twins that answer with the path they were asked for, and name the process in a field."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

SLEEP = 0.005


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"].encode()
    if path == b"/until":
        return until(environ["QUERY_STRING"], start_response)
    if path.startswith(b"/die"):
        os._exit(9)
    if path.startswith(b"/sleep"):
        time.sleep(float(environ["QUERY_STRING"]))
    elif path == b"/multiprocess":
        path = str(environ["wsgi.multiprocess"]).encode()
    elif path.endswith(b"7"):
        time.sleep(SLEEP)
    fields = [("Content-Length", str(len(path))), ("X-Worker", str(os.getpid()))]
    start_response("200 OK", fields)
    return [path]


def until(sign: str, start_response: Any) -> Iterator[bytes]:
    """An answer that has begun, and ends when there is such a file."""
    start_response("200 OK", [("Content-Length", "2")])
    yield b"a"
    while not os.path.exists(sign):  # noqa: PTH110
        time.sleep(0.005)
    yield b"z"


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    import asyncio

    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    path = scope["path"].encode()
    if path.endswith(b"7"):
        await asyncio.sleep(SLEEP)
    fields = [(b"content-length", b"%d" % len(path)), (b"x-worker", b"%d" % os.getpid())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": path})
