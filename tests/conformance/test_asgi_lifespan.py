"""Lifespan: start-up before the first request, shut-down behind the last, and words when it fails."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import launch, serving
from tests.support.routes import answer
from tests.support.servers import run
from tests.support.wire import request

APPLICATIONS = """
import sys

async def failed(scope, receive, send):
    assert scope["type"] == "lifespan"
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "the database is not there"})

async def failed_silently(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed"})

async def exits(scope, receive, send):
    await receive()
    sys.exit("the database is not there")

async def stopping(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})
        return
    await receive()
    await send({"type": "lifespan.startup.complete"})
    message = await receive()
    print("the application got", message["type"], flush=True)
    await send({"type": sys.argv and "lifespan.shutdown.complete"})

async def stop_failed(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": "the last page was not written"})
"""


class Application:
    """Notes what happens, and how the lifespan scope looks."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.scope: dict[str, Any] = {}
        self.loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            self.scope = {name: value for name, value in scope.items() if name != "state"}
            self.loop = asyncio.get_running_loop()
            scope["state"]["connection"] = self
            message = await receive()
            self.events.append(message["type"])
            await asyncio.sleep(0.05)
            self.events.append("started")
            await send({"type": "lifespan.startup.complete"})
            message = await receive()
            self.events.append(message["type"])
            await asyncio.sleep(0)
            await send({"type": "lifespan.shutdown.complete"})
            self.events.append("stopped")
            return
        assert scope["state"]["connection"] is self
        assert asyncio.get_running_loop() is self.loop
        self.events.append("request")
        await answer(send, b"hello")


def test_order(engine: str, tmp_path: Path) -> None:
    application = Application()
    with run(application, engine, tmp_path) as site:
        assert application.events == ["lifespan.startup", "started"]
        with site.connect() as wire:
            assert wire.ask(request()).body == b"hello"
    assert application.events == ["lifespan.startup", "started", "request", "lifespan.shutdown", "stopped"]
    assert application.scope == {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}


async def knows_only_http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert scope["type"] == "http", "an application without lifespan"
    await answer(send, b"hello")


async def raises_in_startup(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        raise NotImplementedError("an application that does not finish its start-up")
    await answer(send, b"hello")


async def returns_at_once(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await answer(send, b"hello")


@pytest.mark.parametrize("application", [knows_only_http, raises_in_startup, returns_at_once])
def test_applications_without_lifespan_are_served(application: Any, engine: str, tmp_path: Path) -> None:
    with run(application, engine, tmp_path) as site:
        with site.connect() as wire:
            assert wire.ask(request()).body == b"hello"
        assert "Traceback" not in site.log()


async def fails(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "the database is not there"})


def test_failed_start_up_is_raised(engine: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="the database is not there"), run(fails, engine, tmp_path):
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "applications.py").write_text(APPLICATIONS)
    return tmp_path


@pytest.mark.parametrize("name", ["failed", "failed_silently", "exits"])
def test_failed_start_up_stops_the_server_with_words(name: str, engine: str, folder: Path) -> None:
    popen = launch(("--bind", "127.0.0.1:0", "--engine", engine, f"applications:{name}"), folder=folder)
    said = popen.communicate(timeout=10)[0].decode()
    assert popen.returncode not in (0, None)
    assert popen.returncode > 0
    assert "Traceback" not in said
    if name != "failed_silently":
        assert "the database is not there" in said
    assert "start" in said.lower()


def test_shutdown_is_awaited(engine: str, folder: Path) -> None:
    with serving("--engine", engine, "applications:stopping", folder=folder) as server:
        with server.connect() as wire:
            assert wire.ask(request()).status == 200
        server.signal(signal.SIGTERM)
        code, said = server.ended()
    assert code == 0
    assert "the application got lifespan.shutdown" in said


def test_failed_shutdown_is_told(engine: str, folder: Path) -> None:
    with serving("--engine", engine, "applications:stop_failed", folder=folder) as server:
        server.signal(signal.SIGTERM)
        _, said = server.ended()
    assert "the last page was not written" in said
    assert "Traceback" not in said
