"""Bare ASGI applications whose lifespans misbehave, each in its own way."""

from __future__ import annotations

import asyncio
from typing import Any


async def answer(scope: dict[str, Any], send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def never_returns(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """It goes on waiting for messages after the last one, as a loop without a way out does."""
    if scope["type"] == "http":
        return await answer(scope, send)
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})


async def fails_and_stays(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while True:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no licence"})


async def hangs_at_shutdown(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        return await answer(scope, send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.sleep(60)
    return None


async def raises_at_startup(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The specification lets it be served without its lifespan; its author will want to know why."""
    if scope["type"] == "http":
        return await answer(scope, send)
    await receive()
    raise RuntimeError("the database is down")


async def has_none(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        raise RuntimeError(f"unknown scope {scope['type']}")
    await answer(scope, send)
