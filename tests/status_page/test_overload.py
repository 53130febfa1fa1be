"""The status page answers at once while the server it tells of can't."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import gearshift
from tests.support.status_client import Viewer, ask
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

THREADS, WAITING = 2, 4


class Blocking:
    """An application whose handlers wait until they may go on, or compute all the time."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.entered.set()
        while environ["PATH_INFO"] == "/compute" and not self.go_on.is_set():
            sum(range(1000))
        self.go_on.wait(30)
        start_response("200 OK", [])
        return [b""]


@contextlib.contextmanager
def blocked(
    engine: str, path: str = "/", requests: int = THREADS + WAITING + 3
) -> Iterator[gearshift.Server]:
    """A server all of whose threads are in handlers, with a full queue behind them."""
    app = Blocking()
    server = gearshift.Server(
        app, bind="127.0.0.1:0", engine=engine, threads=THREADS, max_waiting=WAITING, queue_delay=30.0,
        status="127.0.0.1:0",
    )  # fmt: skip
    with server, contextlib.ExitStack() as wires:
        host, port = server.url.removeprefix("http://").split(":")
        for _ in range(requests):
            wires.enter_context(Wire((host, int(port)))).send(request(path))
            assert app.entered.wait(5)  # the others come when nobody accepts any more
        try:
            yield server
        finally:
            app.go_on.set()


def told(url: str, within: float = 0.5) -> dict[str, Any]:
    began = time.monotonic()
    seen: dict[str, Any] = ask(url, "/status.json").json()
    assert time.monotonic() - began < within
    return seen


@pytest.mark.parametrize("path", ["/", "/compute"], ids=["waiting", "computing"])
@pytest.mark.parametrize("engine", ["pool", "auto"])
def test_with_every_thread_blocked_and_the_queue_full(engine: str, path: str) -> None:
    with blocked(engine, path) as server:
        eventually(lambda: server.status()["requests"]["running"] == THREADS, "every thread is in a handler")
        eventually(lambda: server.status()["requests"]["waiting"] >= 1, "requests wait")
        # Among threads that compute each step waits its turn for the interpreter, 5 ms for each of them.
        seen = told(server.status_url, within=0.5 if path == "/" else 2.0)
        assert seen["requests"]["running"] == THREADS
        with Viewer(server.status_url) as viewer:
            event = viewer.next()
        assert event is not None
        assert event.data["requests"]["running"] == THREADS


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_with_the_only_thread_in_a_handler(engine: str) -> None:
    """Nobody accepts: what the kernel holds for it is seen."""
    with blocked(engine) as server:
        eventually(lambda: server.status()["listeners"][0]["accept_queue"] >= 5, "the accept queue fills")
        seen = told(server.status_url)
        assert seen["listeners"][0]["accept_queue"] >= 5
        assert seen["requests"]["running"] == 1
