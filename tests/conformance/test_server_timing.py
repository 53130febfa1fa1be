"""--server-timing: where the time of a request went, in its answer."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.answers import Answer
from tests.support.routes import AsgiRoutes, WsgiRoutes, answer
from tests.support.servers import Running, run
from tests.support.waiting import eventually
from tests.support.wire import request

SLEPT = 0.05
TIMING = re.compile(rb"queue;dur=([0-9]+\.[0-9]{2})(?:, app;dur=([0-9]+\.[0-9]{2}))?")

wsgi, asgi = WsgiRoutes(), AsgiRoutes()


@wsgi.at("/sleep")
def sleep(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    time.sleep(SLEPT)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Last", "1")])
    return [b"slept"]


@asgi.at("/sleep")
async def sleep_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await asyncio.sleep(SLEPT)
    await answer(send, b"slept")


@wsgi.at("/stream")
def stream(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"first"
    time.sleep(SLEPT)
    yield b"second"


@asgi.at("/stream")
async def stream_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    await asyncio.sleep(SLEPT)
    await send({"type": "http.response.body", "body": b"second"})


@wsgi.at("/own")
def own(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Server-Timing", "db;dur=53")])
    return [b"timed"]


@asgi.at("/own")
async def own_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"server-timing", b"db;dur=53")]})
    await send({"type": "http.response.body", "body": b"timed"})


@wsgi.at("/raise")
def fail(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    time.sleep(SLEPT)
    raise LookupError("asked to raise")


@asgi.at("/raise")
async def fail_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await asyncio.sleep(SLEPT)
    raise LookupError("asked to raise")


@pytest.fixture
def site(serve: Serve, interface: str) -> Running:
    return serve(wsgi if interface == "wsgi" else asgi, server_timing=True, health="/well")


def timing(told: Answer) -> tuple[float, float | None]:
    """Seconds in the queue and in the application."""
    fields = [value for value in told.all(b"server-timing") if value.startswith(b"queue")]
    assert len(fields) == 1
    found = TIMING.fullmatch(fields[0])
    assert found is not None, fields[0]
    return float(found[1]) / 1000, None if found[2] is None else float(found[2]) / 1000


def test_an_answer_tells_how_long_its_handler_took(site: Running) -> None:
    with site.connect() as wire:
        began = time.monotonic()
        told = wire.ask(request("/sleep"))
        took = time.monotonic() - began
    queue, app = timing(told)
    assert told.body == b"slept"
    assert app is not None
    assert SLEPT <= app <= took
    assert queue + app <= took + 0.001


def test_a_stream_tells_how_long_its_head_took(site: Running) -> None:
    with site.connect() as wire:
        told = wire.ask(request("/stream"))
    assert told.body == b"firstsecond"
    assert timing(told)[1] is not None


def test_the_applications_own_field_stays(site: Running) -> None:
    with site.connect() as wire:
        told = wire.ask(request("/own"))
    assert b"db;dur=53" in told.all(b"server-timing")
    assert timing(told)[1] is not None


def test_an_error_has_it_too(site: Running) -> None:
    with site.connect() as wire:
        told = wire.ask(request("/raise"))
    assert told.status == 500
    app = timing(told)[1]
    assert app is not None
    assert app >= SLEPT
    site.logged("asked to raise")


def test_the_servers_own_answers(site: Running) -> None:
    with site.connect() as wire:
        assert timing(wire.ask(request("/well")))[1] is not None
        assert not wire.ask(request("/", "Bad Field: 1")).all(b"server-timing")


def test_it_is_off_by_default(serve: Serve, interface: str) -> None:
    with serve(wsgi if interface == "wsgi" else asgi).connect() as wire:
        assert wire.ask(request("/own")).all(b"server-timing") == [b"db;dur=53"]


def test_a_request_that_waits_and_one_that_is_shed(tmp_path: Path) -> None:
    """One thread, one place to wait: the second waits for the first, the third is answered 503."""
    called, go_on = threading.Event(), threading.Event()

    def held(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        called.set()
        go_on.wait(10)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"held"]

    settings = {"threads": 1, "max_waiting": 1, "queue_delay": 60.0, "server_timing": True}
    with run(held, "pool", tmp_path, **settings) as site, site.connect() as first, site.connect() as second:
        try:
            first.send(request())
            assert called.wait(5)
            second.send(request())
            eventually(lambda: site.server.status()["requests"]["waiting"] == 1, "the second waits")
            with site.connect() as third:
                shed = third.ask(request())
            assert shed.status == 503
            assert timing(shed)[1] is None
            time.sleep(SLEPT)
        finally:
            go_on.set()
        assert timing(first.answer())[1] is not None
        queue, _ = timing(second.answer())
        assert queue >= SLEPT
