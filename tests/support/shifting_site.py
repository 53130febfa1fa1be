"""Twins that answer with the path they were asked for; /slow/... waits a little first."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.support.routes import answer

WAIT = 0.02
started = 0


def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    path = environ["PATH_INFO"].encode()
    if path.startswith(b"/slow"):
        time.sleep(WAIT)
    start_response("200 OK", [("Content-Length", str(len(path)))])
    return [path]


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    global started
    if scope["type"] == "lifespan":
        await receive()
        started += 1
        scope["state"]["loop"] = asyncio.get_running_loop()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    # What belongs to the loop of the start belongs to the loop of every request.
    assert scope["state"]["loop"] is asyncio.get_running_loop()
    assert started == 1
    if scope["path"].startswith("/slow"):
        await asyncio.sleep(WAIT)
    await answer(send, scope["path"].encode())
