"""Server.shift and Server.status: the same from a program as from the command line."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gearshift.errors import GearshiftError, SettingError
from gearshift.gearbox import ShiftError
from tests.support.probe import AsgiProbe, Probe, WsgiProbe
from tests.support.routes import answer
from tests.support.servers import ENGINES, run
from tests.support.waiting import eventually
from tests.support.wire import request


def test_round_all_engines(engine: str, interface: str, tmp_path: Path) -> None:
    probe: Probe = WsgiProbe() if interface == "wsgi" else AsgiProbe()
    with run(probe, engine, tmp_path, threads=3) as site, site.connect() as wire:
        assert wire.ask(request()).status == 200
        for number, successor in enumerate((*ENGINES, engine), 1):
            assert site.server.shift(successor, threads=number) == 0
            assert wire.ask(request()).status == 200
            status = site.server.status()
            assert (status["engine"], status["threads_asked"], status["leaving"]) == (successor, number, [])
            assert status["counts"]["handed_over"] == number
        assert site.server.shift(engine) == 0
        status = site.server.status()
        assert (status["threads_asked"], status["requests"]["total"]) == (len(ENGINES) + 1, len(ENGINES) + 2)
        eventually(lambda: site.server.status()["open_connections"] == 1, "it has arrived")
        for wrong in (
            {"engine": "warp"},
            {"engine": "pool", "threads": 0},
            {"engine": "pool", "threads": True},
        ):
            with pytest.raises(SettingError):
                site.server.shift(**wrong)  # type: ignore[arg-type]
        assert site.server.status()["engine"] == engine
        site.server.stop()
        with pytest.raises(GearshiftError, match="the server is being stopped"):
            site.server.shift("pool")


def test_while_the_event_loop_is_held_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gearshift.apps.asgi.hosting.HELD_UP", 0.1)
    leave = threading.Event()
    entered = threading.Event()

    async def holds(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        entered.set()
        assert leave.wait(10)
        await answer(send, b"hello")

    with run(holds, "epoll", tmp_path) as site, site.connect() as wire:
        wire.send(request())
        assert entered.wait(5)
        began = time.monotonic()
        with pytest.raises(ShiftError, match=r"the application has held up its event loop for 0\.1 s"):
            site.server.shift("pool")
        assert time.monotonic() - began < 2
        assert site.server.status()["engine"] == "epoll"
        leave.set()
        assert wire.answer().body == b"hello"
        assert site.server.shift("pool") == 0
        assert wire.ask(request()).body == b"hello"
        eventually(lambda: site.server.status()["leaving"] == [], "nothing is left behind")
