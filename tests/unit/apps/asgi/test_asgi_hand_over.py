"""Between the loop's thread and the engine's: whichever is quicker, nobody waits for what has happened already."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gearshift
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

BLOCK = bytes(100_000)  # more than a send() may leave behind without waiting
BLOCKS = 3
BESIDE = pytest.mark.parametrize("engine", ["thread", "pool"])  # engines that run beside the loop


@contextlib.contextmanager
def futures_made_after(happened: Callable[[], object]) -> Iterator[None]:
    """The running loop makes a future only when that has happened, in other threads."""
    loop: Any = asyncio.get_running_loop()
    make = loop.create_future

    def create_future() -> asyncio.Future[Any]:
        happened()
        future: asyncio.Future[Any] = make()
        return future

    loop.create_future = create_future
    try:
        yield
    finally:
        del loop.create_future


@contextlib.contextmanager
def asked(server: gearshift.Server) -> Iterator[Wire]:
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    wire = Wire((host, int(port)), patience=3)
    wire.send(request("/"))
    yield wire
    wire.socket.close()


@BESIDE
def test_all_is_sent_before_the_application_waits_for_it(engine: str) -> None:
    arrived = threading.Semaphore(0)

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        with futures_made_after(lambda: arrived.acquire(timeout=2)):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(BLOCKS):
                await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
            await send({"type": "http.response.body"})

    with gearshift.Server(application, engine=engine, bind="127.0.0.1:0") as server, asked(server) as wire:
        for _ in range(BLOCKS):
            wire.read_until(BLOCK)
            arrived.release()
        wire.read_until(b"\r\n0\r\n\r\n")


@BESIDE
@pytest.mark.parametrize("waits_for", ["send", "receive"])
def test_the_client_is_lost_before_the_application_waits(engine: str, waits_for: str) -> None:
    ended: list[object] = []
    called, gone = threading.Event(), threading.Event()

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await receive()
        called.set()
        with futures_made_after(lambda: gone.wait(5)):
            try:
                if waits_for == "receive":
                    ended.append((await receive())["type"])
                else:
                    await send({"type": "http.response.start", "status": 200, "headers": []})
                    await send({"type": "http.response.body", "body": BLOCK * 50, "more_body": True})
            except OSError as error:
                ended.append(str(error))

    with gearshift.Server(application, engine=engine, bind="127.0.0.1:0") as server, asked(server) as wire:
        assert called.wait(5)
        wire.reset()
        eventually(lambda: server.status()["open_connections"] == 0, "the connection is gone")
        gone.set()
        eventually(lambda: ended, "the application is told")
        assert ended == ["http.disconnect" if waits_for == "receive" else "the client is gone"]
