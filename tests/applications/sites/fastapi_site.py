"""A FastAPI application that uses what an ASGI server makes possible: lifespan, tasks, streams, disconnects."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILES = Path(os.environ["SITE_FILES"])
request_name: contextvars.ContextVar[str] = contextvars.ContextVar("request_name", default="nobody")
notes: list[str] = []


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with anyio.create_task_group() as group:
        beats: list[int] = []
        group.start_soon(_beat, beats)
        yield {"greeting": "hello from FastAPI", "beats": beats}
        group.cancel_scope.cancel()


async def _beat(beats: list[int]) -> None:
    """Work beside the requests, on the same loop."""
    while True:
        beats.append(len(beats))
        await anyio.sleep(0.02)


class NoteKinds:
    """Notes which kinds of messages answer each path."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            notes.append(f"{scope['path']} {message['type']}")
            await send(message)

        await self.app(scope, receive, noting if scope["type"] == "http" else send)


class NameRequest:
    """Sets a context variable for everything that happens in a request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = dict(scope["headers"]).get(b"x-name")
            if name is not None:
                request_name.set(name.decode())
        await self.app(scope, receive, send)


class Timed(BaseHTTPMiddleware):
    """Starlette's own kind of middleware, which runs the application in a task of its own."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        began = time.perf_counter()
        response = await call_next(request)
        response.headers["X-Seconds"] = f"{time.perf_counter() - began:.6f}"
        return response


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)


app = FastAPI(lifespan=lifespan)
app.add_middleware(Timed)
app.add_middleware(NameRequest)
app.add_middleware(NoteKinds)


@app.get("/")
async def hello(request: Request) -> dict[str, Any]:
    return {"greeting": request.state.greeting, "beats": len(request.state.beats)}


@app.post("/items", status_code=201)
async def create(item: Item) -> Item:
    return Item(name=item.name.title(), price=item.price * 2)


@app.post("/upload")
async def upload(file: UploadFile) -> dict[str, Any]:
    content = await file.read()
    return {"name": file.filename, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@app.post("/body")
async def body(request: Request) -> dict[str, Any]:
    digest, pieces, size = hashlib.sha256(), 0, 0
    async for piece in request.stream():
        digest.update(piece)
        pieces += bool(piece)
        size += len(piece)
    return {"size": size, "pieces": pieces, "sha256": digest.hexdigest()}


async def _later(name: str) -> None:
    await asyncio.sleep(0.15)
    notes.append(f"background {name}")


@app.get("/background/{name}")
async def background(name: str, tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(_later, name)
    return {"started": name}


@app.get("/stream")
async def stream(count: int = 3) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        for number in range(count):
            await asyncio.sleep(0)
            yield f"line {number}\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/thread-stream")
def thread_stream() -> StreamingResponse:
    def lines() -> Iterator[str]:
        for number in range(3):
            yield f"{number} {threading.current_thread().name}\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/file")
async def file() -> FileResponse:
    return FileResponse(FILES / "large.bin")


@app.get("/ticks/{name}")
async def ticks(name: str) -> StreamingResponse:
    """Events without end: a server's sending is how a stream learns that its reader has gone."""

    async def events() -> AsyncIterator[str]:
        try:
            for number in range(10_000):
                yield f"id: {number}\ndata: tick\n\n"
                await asyncio.sleep(0.01)
        finally:
            notes.append(f"ticks {name} ended")

    return StreamingResponse(events(), media_type="text/event-stream")


@app.get("/scope/{name}")
async def cancelled_by_disconnect(request: Request, name: str) -> None:
    """A disconnect cancels the work, as event streams with a queue behind them do."""

    async def listen(scope: anyio.CancelScope) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    notes.append(f"scope {name} began")
    async with anyio.create_task_group() as group:
        group.start_soon(listen, group.cancel_scope)
        try:
            await anyio.sleep(60)
        except anyio.get_cancelled_exc_class():
            notes.append(f"scope {name} cancelled")
            raise


def _where() -> str:
    return f"{threading.current_thread().name}/{request_name.get()}"


@app.get("/in-thread")
def in_thread(before: Annotated[str, Depends(_where)]) -> dict[str, str]:
    return {"thread": threading.current_thread().name, "name": request_name.get(), "before": before}


@app.get("/on-loop")
async def on_loop() -> dict[str, Any]:
    task = asyncio.current_task()
    return {
        "thread": threading.current_thread().name,
        "name": request_name.get(),
        "task": task is not None and not task.done(),
        "loop": asyncio.get_running_loop().is_running(),
        "shielded": await asyncio.shield(asyncio.sleep(0, "shield")),
    }


@app.get("/together")
async def together() -> dict[str, Any]:
    """Tasks that start others, in asyncio's and in anyio's way."""
    found: list[str] = []

    async def one(text: str, seconds: float) -> str:
        await asyncio.sleep(seconds)
        found.append(f"{text} of {request_name.get()}")
        return text

    async with asyncio.TaskGroup() as group:
        first = group.create_task(one("first", 0.02))
        second = group.create_task(one("second", 0.01))
    async with anyio.create_task_group() as other:
        other.start_soon(one, "third", 0)
    threaded = await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(one, "fourth", 0))
    return {"found": found, "results": [first.result(), second.result(), threaded]}


@app.get("/failing-group")
async def failing_group() -> dict[str, str]:
    async def fail() -> None:
        raise LookupError("one of them")

    caught = "nothing"
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(asyncio.sleep(60))
    except* LookupError as errors:
        caught = str(errors.exceptions[0])
    return {"caught": caught}


@app.get("/late")
async def late() -> dict[str, str]:
    try:
        async with asyncio.timeout(0.1):
            await asyncio.sleep(60)
    except TimeoutError:
        pass
    with anyio.move_on_after(0.1) as scope:
        await anyio.sleep(60)
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.1)
    except TimeoutError:
        return {"timed out": "thrice" if scope.cancelled_caught else "twice"}
    return {}


@app.get("/broken")
async def broken() -> None:
    raise LookupError("the endpoint broke")


@app.get("/broken-background")
async def broken_background(tasks: BackgroundTasks) -> dict[str, str]:
    def fail() -> None:
        raise LookupError("the background broke")

    tasks.add_task(fail)
    return {"answer": "already sent"}


@app.get("/teapot")
async def teapot() -> None:
    raise HTTPException(418, "short and stout")


@app.get("/who")
async def who(request: Request) -> JSONResponse:
    client = request.client
    return JSONResponse(
        {
            "address": client.host if client else None,
            "hello": str(request.url_for("hello")),
            "extensions": sorted(request.scope["extensions"]),
        }
    )


@app.get("/notes")
async def noted() -> list[str]:
    return notes
