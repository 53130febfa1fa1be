"""What holds up the event loop is told: the request, for how long, and where it stood."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.routes import answer
from tests.support.servers import run
from tests.support.waiting import eventually
from tests.support.wire import request


async def holds(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    if scope["path"] == "/later":
        await asyncio.sleep(0.01)
    if scope["path"] != "/quick":
        time.sleep(0.25)
    await answer(send, b"hello")


@pytest.mark.parametrize("path", ["/now", "/later"])
def test_it_is_told_once(path: str, tmp_path: Path) -> None:
    with run(holds, "auto", tmp_path) as site:
        with site.connect() as wire:
            for _ in range(3):
                assert wire.ask(request(path)).body == b"hello"
            assert wire.ask(request("/quick")).body == b"hello"
        eventually(lambda: "held up the event loop" in site.log(), "it is told")
        log = site.log()
    assert log.count("held up the event loop") == 1
    assert f"GET {path} held up the event loop" in log
    assert "time.sleep(0.25)" in log
    assert "base_events.py" not in log
    milliseconds = int(log.partition(" ms")[0].rpartition(" ")[2])
    assert 200 <= milliseconds < 2000


def test_quick_requests_are_not_told(tmp_path: Path) -> None:
    with run(holds, "auto", tmp_path) as site:
        with site.connect() as wire:
            for _ in range(20):
                assert wire.ask(request("/quick")).body == b"hello"
        assert site.log() == ""
