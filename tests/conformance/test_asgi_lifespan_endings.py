"""Lifespans that end otherwise than they should: each is told once, and none keeps the server from ending."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.support.process import launch, serving
from tests.support.wire import request

APPLICATIONS = """
import asyncio

async def answer(send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})

async def fails_and_raises(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "the database is not there"})
    raise RuntimeError("the database is not there")

async def fails_and_stays(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "the database is not there"})
    await asyncio.Event().wait()

async def never_starts(scope, receive, send):
    await receive()
    print("starting", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("given up", flush=True)

async def stays(scope, receive, send):
    if scope["type"] == "http":
        return await answer(send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
    await asyncio.Event().wait()

async def raises_when_stopped(scope, receive, send):
    if scope["type"] == "http":
        return await answer(send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    raise LookupError("the last page was not written")

async def exits_when_stopped(scope, receive, send):
    if scope["type"] == "http":
        return await answer(send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    raise SystemExit("the last page was not written")

async def works_on(scope, receive, send):
    if scope["type"] == "http":
        await answer(send)
        try:
            await asyncio.Event().wait()
        finally:
            print("the work was cancelled", flush=True)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    print("the application got its shutdown", flush=True)
    await send({"type": "lifespan.shutdown.complete"})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "applications.py").write_text(APPLICATIONS)
    return tmp_path


@pytest.mark.parametrize("name", ["fails_and_raises", "fails_and_stays"])
def test_failed_start_up_is_told_once(name: str, engine: str, folder: Path) -> None:
    popen = launch(("--bind", "127.0.0.1:0", "--engine", engine, f"applications:{name}"), folder=folder)
    said = popen.communicate(timeout=10)[0].decode()
    assert popen.returncode == 1
    assert said.count("the database is not there") == 1
    assert "Traceback" not in said


def test_signal_while_starting(engine: str, folder: Path) -> None:
    popen = launch(("--bind", "127.0.0.1:0", "--engine", engine, "applications:never_starts"), folder=folder)
    assert popen.stdout is not None
    while popen.stdout.readline() != b"starting\n":
        assert popen.poll() is None
    popen.send_signal(signal.SIGTERM)
    began = time.monotonic()
    said = popen.communicate(timeout=10)[0].decode()
    assert time.monotonic() - began < 5
    assert popen.returncode == 0
    assert "given up" in said
    assert "Traceback" not in said


def test_lifespan_that_does_not_return(engine: str, folder: Path) -> None:
    with serving("--engine", engine, "applications:stays", folder=folder) as server:
        with server.connect() as wire:
            assert wire.ask(request()).status == 200
        server.signal(signal.SIGTERM)
        code, said = server.ended()
    assert code == 0
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "error"), [("raises_when_stopped", "LookupError"), ("exits_when_stopped", "SystemExit")]
)
def test_shutdown_that_raises(name: str, error: str, engine: str, folder: Path) -> None:
    with serving("--engine", engine, f"applications:{name}", folder=folder) as server:
        with server.connect() as wire:
            assert wire.ask(request()).status == 200
        server.signal(signal.SIGTERM)
        code, said = server.ended()
    assert code == 0
    assert said.count(f"{error}: the last page was not written") == 1


def test_work_past_the_last_words_is_cancelled_before_the_shutdown(engine: str, folder: Path) -> None:
    with serving(
        "--engine", engine, "--timeout-drain", "1", "applications:works_on", folder=folder
    ) as server:
        with server.connect() as wire:
            assert wire.ask(request()).status == 200
        server.signal(signal.SIGTERM)
        _, said = server.ended()
    assert "outlived" in said
    assert said.index("the work was cancelled") < said.index("the application got its shutdown")
