"""A clock that the server keeps up to date: one task ticks, every open page is told (server-sent events)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.routing import Route

PAGE = Path(__file__).with_name("clock.html")
SECONDS = 0.25


class Clock:
    """Ticks, and knows who watches."""

    def __init__(self) -> None:
        self.watchers = 0
        self._ticked = asyncio.Condition()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(SECONDS)
            async with self._ticked:
                self._ticked.notify_all()

    async def ticks(self) -> AsyncIterator[str]:
        """An event for every tick, for as long as somebody reads them."""
        self.watchers += 1
        try:
            while True:
                said = {"time": time.strftime("%H:%M:%S"), "watchers": self.watchers}
                yield f"data: {json.dumps(said)}\n\n"
                async with self._ticked:
                    await self._ticked.wait()
        finally:
            self.watchers -= 1


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Clock]]:
    clock = Clock()
    ticking = asyncio.create_task(clock.run())
    yield {"clock": clock}
    ticking.cancel()


async def page(request: Request) -> FileResponse:
    return FileResponse(PAGE)


async def events(request: Request) -> StreamingResponse:
    fields = {"Cache-Control": "no-store"}
    return StreamingResponse(request.state.clock.ticks(), media_type="text/event-stream", headers=fields)


async def watchers(request: Request) -> JSONResponse:
    return JSONResponse({"watchers": request.state.clock.watchers})


app = Starlette(
    lifespan=lifespan,
    routes=[Route("/", page), Route("/events", events), Route("/watchers", watchers)],
)
