"""Shifts at bad moments: twice in a row, while the server is being stopped, with no descriptor left, within a body."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gearshift import Server
from gearshift.engines import ENGINES_FOR_ASGI
from gearshift.gearbox import ShiftError
from tests.support.servers import run
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

PATIENCE = 10.0


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers how long the body was."""
    if scope["type"] == "lifespan":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % size})


def wsgi_echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = b"%d" % len(environ["wsgi.input"].read())
    start_response("200 OK", [])
    return [body]


@pytest.mark.parametrize("between", ["thread", "pool", "epoll", "uring", "auto"])
def test_what_is_being_received_while_two_shifts_pass(
    engine: str, between: str, interface: str, tmp_path: Path
) -> None:
    """The engine that it could have gone to has ended meanwhile: it goes to the one after that."""
    app = echo if interface == "asgi" else wsgi_echo
    last = "epoll" if between == "thread" else "thread"
    with run(app, engine, tmp_path) as site:
        wire = site.connect()
        assert wire.ask(request()).status == 200
        head, _, _ = request(method="POST", body=b"12345").partition(b"12345")
        wire.send(head + b"123")
        eventually(lambda: wire.unread_by_peer() == 0, "it is read")
        former = threading.Thread(target=site.server.shift, args=(between,))
        former.start()
        eventually(lambda: site.server.status()["engine"] == between, "the first shift")
        site.server.shift(last)
        former.join(PATIENCE)
        began = time.monotonic()
        assert wire.ask(b"45").body == b"5"
        assert time.monotonic() - began < 1
        eventually(lambda: site.server.status()["leaving"] == [], "it is where it belongs")
        assert wire.ask(request()).status == 200
        assert site.log().count("\n") == site.log().count("shifted from")


@pytest.mark.parametrize("engine", ["epoll", "uring", "auto"])
def test_an_idle_connection_leaves_the_loop_of_asyncio_at_once(engine: str, tmp_path: Path) -> None:
    """Nothing but the shift itself happens that could make a turn."""
    with run(echo, engine, tmp_path) as site:
        wires = [site.connect() for _ in range(3)]
        for wire in wires:
            assert wire.ask(request()).status == 200
        began = time.monotonic()
        assert site.server.shift("pool") == 0
        assert time.monotonic() - began < 0.5


def test_told_to_stop_by_the_very_thread_that_a_shift_waits_for(tmp_path: Path) -> None:
    """As by a signal, whose handler runs in the loop's thread."""
    waits = threading.Event()
    told: list[float] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        waits.set()
        time.sleep(0.3)  # somebody shifts meanwhile
        began = time.monotonic()
        server._serving.drain()
        told.append(time.monotonic() - began)
        await echo(scope, receive, send)

    server = Server(app, engine="epoll", bind="127.0.0.1:0", error_log=str(tmp_path / "log"))
    with server:
        raised: list[BaseException] = []

        def shift() -> None:
            try:
                server.shift("pool")
            except ShiftError as error:
                raised.append(error)

        host, port = server.url.removeprefix("http://").rstrip("/").split(":")
        with Wire((host, int(port))) as wire:
            wire.send(request())
            assert waits.wait(PATIENCE)
            shifter = threading.Thread(target=shift)
            shifter.start()
            assert wire.answer().status == 200
            shifter.join(PATIENCE)
    assert told[0] < 0.2
    assert "is being stopped" in str(raised[0])


@contextlib.contextmanager
def no_descriptor_left(spare: int) -> Iterator[None]:
    """This process, the server in it included, may open so many more."""
    most = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()) + 1
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    fillers = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most + spare, before[1]))
        while True:
            fillers.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    try:
        for _ in range(spare):
            os.close(fillers.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in fillers:
            os.close(descriptor)


@pytest.mark.parametrize("spare", range(5))
def test_a_shift_for_which_there_is_no_descriptor(
    engine: str, interface: str, spare: int, tmp_path: Path
) -> None:
    """It is refused and the server serves on, or it succeeds; another one is possible."""
    app = echo if interface == "asgi" else wsgi_echo
    with run(app, engine, tmp_path) as site:
        wire = site.connect()
        assert wire.ask(request()).status == 200
        other = "thread" if engine in ("epoll", "uring") else "epoll"
        import_module(ENGINES_FOR_ASGI[other].partition(":")[0])  # which needs a descriptor too
        with no_descriptor_left(spare), contextlib.suppress(ShiftError):
            site.server.shift(other)
        assert wire.ask(request()).status == 200
        site.server.shift("pool")
        assert wire.ask(request()).status == 200
        assert "Traceback" not in site.log()


def test_handed_over_to_threads_without_a_descriptor_left(tmp_path: Path) -> None:
    """A thread's driver needs one of its own for ASGI: the connections wait for it, and get it."""
    with run(echo, "epoll", tmp_path) as site:
        wires = [site.connect() for _ in range(4)]
        for wire in wires:
            assert wire.ask(request()).status == 200
        with no_descriptor_left(5):
            site.server.shift("thread")
            time.sleep(0.3)
        for wire in wires:
            assert wire.ask(request()).status == 200


def test_an_exit_in_the_end_of_an_answer_costs_nobody_else(engine: str, tmp_path: Path) -> None:
    """A body's close() that raises SystemExit is an error of that request."""

    class Leaves(list):  # type: ignore[type-arg]
        def close(self) -> None:
            raise SystemExit(3)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return Leaves([b"ok"]) if environ["PATH_INFO"] == "/leave" else [b"ok"]

    with run(app, engine, tmp_path, threads=2) as site:
        for _ in range(4):
            assert site.connect().ask(request("/leave")).body == b"ok"
        assert site.connect().ask(request()).body == b"ok"
        # The body's close() comes after the answer: the client may be told of neither before the log is.
        eventually(lambda: site.log().count("SystemExit: 3") == 4, "four exits in the error log")
