"""Requests that meet an event loop which is busy: those of an engine beside it come in one go, and what it can't begin
soon waits where waits are judged and seen.
"""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.routes import AsgiRoutes, answer
from tests.support.servers import Running, run
from tests.support.waiting import eventually
from tests.support.wire import request

MANY = 8
LONG = 0.02  # seconds; more than the first steps of all that are given at once should take


class Held:
    """An application whose /hold keeps the loop until it is let go, and which counts how often the loop is woken."""

    def __init__(self) -> None:
        self.app = AsgiRoutes()
        self.app.at("/hold")(self.hold)
        self.app.at("/long")(self.long)
        self.app.at("/")(self.quick)
        self.held, self.free = threading.Event(), threading.Event()
        self.woken = 0

    async def hold(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe

        def counting(*arguments: Any, **more: Any) -> Any:
            self.woken += 1
            return wake(*arguments, **more)

        loop.call_soon_threadsafe = counting  # type: ignore[method-assign]
        self.held.set()
        assert self.free.wait(10)
        loop.call_soon_threadsafe = wake  # type: ignore[method-assign]
        await answer(send, b"held")

    async def long(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        time.sleep(LONG)
        await answer(send, b"long")

    async def quick(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await answer(send, b"quick")


def requests(running: Running) -> dict[str, int]:
    found: dict[str, int] = running.server.status()["requests"]
    return found


@pytest.mark.parametrize("engine", ["thread", "pool"])
def test_it_is_woken_once_for_all_that_come(engine: str, tmp_path: Path) -> None:
    held = Held()
    with run(held.app, engine, tmp_path) as running:
        wires = [running.connect() for _ in range(MANY + 1)]
        wires[0].send(request("/hold"))
        assert held.held.wait(10)
        for wire in wires[1:]:
            wire.send(request("/"))
        eventually(lambda: requests(running)["running"] == MANY + 1, "all are with the loop")
        woken = held.woken
        held.free.set()
        assert [wire.answer().body for wire in wires] == [b"held"] + [b"quick"] * MANY
    assert woken == 1


def test_what_it_cannot_begin_soon_waits_in_the_queue(engine: str, tmp_path: Path) -> None:
    """Where the loop is the engine's own, requests that come while it is held up wait in the kernel."""
    held = Held()
    with run(held.app, engine, tmp_path, queue_delay=60.0) as running:
        wires = [running.connect() for _ in range(MANY + 1)]
        for _ in range(6):
            assert wires[0].ask(request("/long")).body == b"long"  # so it is known
        wires[0].send(request("/hold"))
        assert held.held.wait(10)
        for wire in wires[1:]:
            wire.send(request("/long"))
        if engine in ("thread", "pool"):
            eventually(lambda: requests(running)["waiting"] >= MANY - 1, "they wait, but one perhaps")
        held.free.set()
        assert [wire.answer().body for wire in wires] == [b"held"] + [b"long"] * MANY
        assert requests(running)["waiting"] == 0
