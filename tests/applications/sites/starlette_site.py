"""A Starlette application without middleware between it and the server; it says on standard output how it lives."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route


def say(text: str) -> None:
    print(text, flush=True)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, list[str]]]:
    if "BREAK_STARTUP" in os.environ:
        raise LookupError("no database")
    if "SLOW_STARTUP" in os.environ:
        say("starting")
        await asyncio.sleep(60)
    say("up")
    yield {"shared": []}
    if "BREAK_SHUTDOWN" in os.environ:
        raise LookupError("the database went first")
    await asyncio.sleep(0.01)
    say("down")


async def hello(request: Request) -> Response:
    request.state.shared.append("visit")
    return PlainTextResponse(f"hello from Starlette, visit {len(request.state.shared)}")


async def form(request: Request) -> Response:
    async with request.form() as fields:
        return JSONResponse({name: value for name, value in fields.items() if isinstance(value, str)})


async def upload(request: Request) -> Response:
    async with request.form() as fields:
        file = fields["file"]
        assert not isinstance(file, str)
        content = await file.read()
        return JSONResponse({"size": len(content), "sha256": hashlib.sha256(content).hexdigest()})


async def flood(request: Request) -> Response:
    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(1024):
            yield b"x" * 65536

    return StreamingResponse(blocks())


async def ticks(request: Request) -> Response:
    async def events() -> AsyncIterator[str]:
        try:
            while True:
                yield "data: tick\n\n"
                await asyncio.sleep(0.01)
        finally:
            say("ticks ended")

    return StreamingResponse(events(), media_type="text/event-stream")


async def poll(request: Request) -> Response:
    """Asks again and again whether the client is still there."""
    polls = 0
    say("poll began")
    while not await request.is_disconnected():
        polls += 1
        await asyncio.sleep(0.01)
    say(f"poll ended {'after some' if polls else 'without any'}")
    return Response()


async def broken_stream(request: Request) -> Response:
    async def lines() -> AsyncIterator[str]:
        yield "before it broke\n"
        await asyncio.sleep(0.05)
        raise LookupError("the stream broke")

    return StreamingResponse(lines())


async def _after(seconds: float) -> None:
    say("background began")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        say("background cancelled")
        raise
    say("background done")


async def background(request: Request) -> Response:
    seconds = float(request.query_params["seconds"])
    return PlainTextResponse("answered", background=BackgroundTask(_after, seconds))


async def hold(request: Request) -> Response:
    """Works for as long as asked; says when that is cut off."""
    say("held")
    try:
        await asyncio.sleep(float(request.query_params["seconds"]))
    except asyncio.CancelledError:
        say("cancelled")
        raise
    return PlainTextResponse("held")


async def moved(request: Request) -> Response:
    return RedirectResponse(request.url_for("hello"))


async def broken(request: Request) -> Response:
    raise LookupError("the endpoint broke")


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/", hello, name="hello"),
        Route("/form", form, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/flood", flood),
        Route("/ticks", ticks),
        Route("/poll", poll),
        Route("/broken-stream", broken_stream),
        Route("/background", background),
        Route("/hold", hold),
        Route("/moved", moved),
        Route("/broken", broken),
    ],
)
