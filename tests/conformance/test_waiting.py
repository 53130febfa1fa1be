"""Requests beyond --max-requests: how many run at once, who waits, who is turned away, who is forgotten; and that what
is told of it tells them apart.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.routes import answer
from tests.support.servers import Running, run
from tests.support.waiting import eventually
from tests.support.wire import Wire, close_all, request

KINDS = [
    ("thread", "wsgi"),
    ("pool", "wsgi"),
    ("auto", "wsgi"),
    *((e, "asgi") for e in ("thread", "pool", "epoll", "uring", "auto")),
]

FIRST_PIECE = 16384  # bytes of a buffer that uring lends to the kernel


class Gate:
    """Twins that let requests through one by one, and note which ran and how many at once. /quick is let through."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.running = self.most = 0
        self._lock = threading.Lock()
        self.passes = threading.Semaphore(0)

    def enter(self, path: str) -> None:
        with self._lock:
            self.started.append(path)
            self.running += 1
            self.most = max(self.most, self.running)

    def leave(self) -> None:
        with self._lock:
            self.running -= 1

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.enter(path)
        try:
            assert path.startswith("/quick") or self.passes.acquire(timeout=10)
        finally:
            self.leave()
        start_response("200 OK", [("Content-Length", str(len(path)))])
        return [path.encode()]

    async def asgi(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        path = scope["path"]
        self.enter(path)
        try:
            ends = time.monotonic() + 10
            while not path.startswith("/quick") and not self.passes.acquire(blocking=False):
                assert time.monotonic() < ends
                await asyncio.sleep(0.001)
        finally:
            self.leave()
        await answer(send, path.encode())


@pytest.fixture(params=KINDS, ids="-".join)
def kind(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Engines and interfaces where requests run beside each other."""
    engine, interface = request.param
    return str(engine), str(interface)


class Site:
    """A server whose application is a gate."""

    def __init__(self, running: Running, gate: Gate) -> None:
        self.running, self.gate = running, gate

    def count(self, name: str) -> int:
        return int(self.running.server.status()["counts"][name])

    def waiting(self) -> int:
        return int(self.running.server.status()["requests"]["waiting"])

    def ask(self, path: str, waits: int = -1) -> Wire:
        """Sends a request; `waits`: until so many wait."""
        wire = self.running.connect()
        wire.send(request(path))
        if waits >= 0:
            eventually(lambda: self.waiting() == waits, f"{waits} wait; {self.running.server.status()}")
        return wire

    def fill(self, at_once: int, waiting: int) -> tuple[list[Wire], list[Wire]]:
        """So many run, and so many wait: /1, /2, ... in order."""
        wires = []
        for number in range(1, at_once + 1):
            wires.append(self.ask(f"/{number}"))
            eventually(lambda number=number: len(self.gate.started) == number, f"{number} run")
        others = [self.ask(f"/{at_once + number}", number) for number in range(1, waiting + 1)]
        return wires, others


@pytest.fixture
def serve(kind: tuple[str, str], tmp_path: Path) -> Iterator[Any]:
    """serve(at_once, **settings): a Site."""
    import contextlib

    engine, interface = kind
    with contextlib.ExitStack() as stack:
        gates = []

        def begin(at_once: int, **settings: Any) -> Site:
            gate = Gate()
            gates.append(gate)
            settings = {"max_requests": at_once, "threads": 8, "queue_delay": 30, **settings}
            app = gate.wsgi if interface == "wsgi" else gate.asgi
            return Site(stack.enter_context(run(app, engine, tmp_path, **settings)), gate)

        yield begin
        close_all()  # a server that is told to stop lingers for those it has turned away
        for gate in gates:
            gate.passes.release(1000)


@pytest.mark.parametrize("at_once", [1, 3])
def test_so_many_run_at_once_and_the_rest_in_order(at_once: int, serve: Any) -> None:
    site = serve(at_once)
    first, others = site.fill(at_once, 6)
    assert site.gate.running == at_once
    for number in range(at_once + 6):
        site.gate.passes.release()
        eventually(
            lambda number=number: len(site.gate.started) >= min(at_once + number + 1, at_once + 6), "next"
        )
    assert [wire.answer().status for wire in (*first, *others)] == [200] * (at_once + 6)
    assert site.gate.most == at_once
    assert site.gate.started == [f"/{number}" for number in range(1, at_once + 7)]
    status = site.running.server.status()
    assert (status["requests"]["running"], status["requests"]["waiting"]) == (0, 0)
    assert [site.count(name) for name in ("shed_full", "shed_overdue", "abandoned")] == [0, 0, 0]


def test_never_more_under_load(serve: Any, kind: tuple[str, str]) -> None:
    site = serve(3)
    statuses: list[int] = []

    def ask_many() -> None:
        with site.running.connect() as wire:
            for _ in range(40):
                site.gate.passes.release()
                statuses.append(wire.ask(request("/quick" if _ % 2 else "/slow")).status)

    threads = [threading.Thread(target=ask_many) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 400
    assert site.gate.most <= 3


def test_what_stands_behind_a_waiting_request_is_kept(serve: Any) -> None:
    """uring: in a buffer of the kernel's choice, which fills it again with what others send."""
    site = serve(1, health=["/health"])
    with site.ask("/1") as first, site.running.connect() as wire, site.running.connect() as other:
        eventually(lambda: site.gate.started == ["/1"], "it runs")
        fields = ["A: " + "a" * 8000, "B: "]
        fields[1] += "b" * (FIRST_PIECE - len(request("/2", *fields)))
        wire.send(request("/2", *fields) + request("/quick/3"))
        eventually(lambda: site.waiting() == 1, "it waits")
        for number in range(600):
            assert other.ask(request("/health", f"X: {number}")).status == 200
        site.gate.passes.release(2)
        assert first.answer().body == b"/1"
        assert [wire.answer().body for _ in range(2)] == [b"/2", b"/quick/3"]


def test_past_the_queue_503(serve: Any) -> None:
    site = serve(1, max_waiting=2)
    first, others = site.fill(1, 2)
    for _ in range(3):
        with site.ask("/surplus") as wire:
            refused = wire.answer()
            assert (refused.status, refused.field(b"retry-after"), refused.closes) == (503, b"1", True)
    assert [site.count(name) for name in ("shed_full", "shed_overdue", "abandoned")] == [3, 0, 0]
    assert site.running.server.status()["requests"]["shed"] == 3
    site.gate.passes.release(3)
    assert [wire.answer().status for wire in (*first, *others)] == [200] * 3
    assert "/surplus" not in site.gate.started


def test_overdue_503_and_the_newest_first(serve: Any) -> None:
    site = serve(1, queue_delay=0.04)
    first, _ = site.fill(1, 0)
    others = [site.ask("/2"), site.ask("/3")]
    for wire in others:
        refused = wire.answer()
        assert (refused.status, refused.field(b"retry-after"), refused.closes) == (503, b"1", True)
    assert [site.count(name) for name in ("shed_full", "shed_overdue", "abandoned")] == [0, 2, 0]
    assert site.running.log().count("overload:") == 1
    site.gate.passes.release()
    assert first[0].answer().status == 200
    assert site.gate.started == ["/1"]
    site.gate.passes.release()
    with site.ask("/after") as wire:
        assert wire.answer().status == 200


@pytest.mark.parametrize("how", ["close", "reset"])
def test_one_who_has_left_is_not_started(how: str, serve: Any) -> None:
    site = serve(1)
    first, others = site.fill(1, 3)
    time.sleep(0.03)  # an end of input that comes with its request is a half-close
    if how == "reset":
        others[1].socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    others[1].socket.close()
    with site.ask("/quick-after") as last:  # the server has seen the end before it has seen this
        eventually(lambda: site.waiting() + site.count("abandoned") == 4, "it waits")
        site.gate.passes.release(4)
        assert [wire.answer().status for wire in (first[0], others[0], others[2], last)] == [200] * 4
    eventually(lambda: site.count("abandoned") == 1, "it is counted")
    assert "/3" not in site.gate.started
    assert [site.count(name) for name in ("shed_full", "shed_overdue")] == [0, 0]
    eventually(lambda: site.running.server.status()["open_connections"] == 3, "it is closed")


def test_one_who_has_left_is_not_counted_as_overdue(serve: Any) -> None:
    site = serve(1, queue_delay=0.1)
    first, _ = site.fill(1, 0)
    others = [site.ask("/2")]
    time.sleep(0.03)
    others[0].socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    others[0].socket.close()
    eventually(lambda: site.count("abandoned") + site.count("shed_overdue") > 0, "it is turned away")
    site.gate.passes.release()
    assert first[0].answer().status == 200
    assert [site.count(name) for name in ("shed_full", "shed_overdue", "abandoned")] == [0, 0, 1]


@pytest.mark.parametrize("then", ["served", "overdue"])
def test_half_closed_ones_are_served(then: str, serve: Any) -> None:
    site = serve(1, queue_delay=30 if then == "served" else 0.04)
    first, _ = site.fill(1, 0)
    half = site.running.connect()
    half.socket.setsockopt(socket.IPPROTO_TCP, 3, 1)  # TCP_CORK: the end goes out with the request
    half.send(request("/half"))
    half.half_close()
    half.socket.setsockopt(socket.IPPROTO_TCP, 3, 0)
    if then == "served":
        eventually(lambda: site.waiting() == 1, "it waits")
        site.gate.passes.release(2)
    assert half.read_to_end().only_answer().status == (200 if then == "served" else 503)
    site.gate.passes.release(2)
    assert first[0].answer().status == 200
    assert site.count("abandoned") == 0


@pytest.mark.parametrize("then", ["served", "overdue"])
def test_half_closed_ones_that_then_leave(then: str, serve: Any) -> None:
    site = serve(1, queue_delay=30 if then == "served" else 0.1)
    first, _ = site.fill(1, 0)
    half = site.running.connect()
    half.socket.setsockopt(socket.IPPROTO_TCP, 3, 1)  # TCP_CORK
    half.send(request("/half"))
    half.half_close()
    half.socket.setsockopt(socket.IPPROTO_TCP, 3, 0)
    eventually(lambda: site.waiting() == 1, "it waits")
    half.reset()
    if then == "overdue":
        eventually(lambda: site.waiting() == 0, "it is told to come back, or forgotten")
    site.gate.passes.release(2)
    assert first[0].answer().status == 200
    with site.ask("/quick") as wire:
        assert wire.answer().status == 200


def test_what_came_meanwhile_does_not_reset_the_answer(serve: Any) -> None:
    """A client that has sent the next request while the first waited must still get the 503."""
    site = serve(1, queue_delay=0.04)
    first, _ = site.fill(1, 0)
    with site.ask("/2") as wire:
        eventually(lambda: wire.unread_by_peer() == 0, "it is read")
        wire.send(request("/next") * 3)
        ending = wire.read_to_end()
    assert not ending.reset
    assert [found.status for found in ending.answers()] == [503]
    site.gate.passes.release()
    assert first[0].answer().status == 200


def test_health_is_never_queued_or_shed(serve: Any) -> None:
    site = serve(2, max_waiting=1, health="/health", queue_delay=0.04)
    first, _ = site.fill(2, 0)
    for _ in range(2):
        began = time.monotonic()
        with site.ask("/health") as wire:
            assert wire.answer().body == b"ok\n"
        assert time.monotonic() - began < 0.5
        shed = [site.ask(f"/other/{number}") for number in range(3)]
        assert [wire.answer().status for wire in shed] == [503] * 3
    assert site.count("shed_full") + site.count("shed_overdue") == 6
    site.gate.passes.release(2)
    assert [wire.answer().status for wire in first] == [200, 200]
    assert site.gate.started == ["/1", "/2"]


@pytest.mark.parametrize("cut", [False, True], ids=["drained", "cut"])
def test_the_end_while_requests_wait(cut: bool, serve: Any) -> None:
    """Those that wait are answered as long as there is time; then they are cut, and nothing hangs."""
    site = serve(1, timeout_drain=0.3 if cut else 5)
    first, others = site.fill(1, 3)
    stopping = threading.Thread(target=site.running.server.stop)
    began = time.monotonic()
    stopping.start()
    if cut:
        for wire in others:
            assert wire.read_to_end().data == b""
        site.gate.passes.release()  # a thread that runs a handler can't be ended
    else:
        eventually(lambda: not listens(site), "it drains")
        site.gate.passes.release(4)
        for wire in (*first, *others):
            served = wire.read_to_end().only_answer()
            assert (served.status, served.closes) == (200, True)
    stopping.join(5)
    assert not stopping.is_alive()
    assert time.monotonic() - began < 3
    assert len(site.gate.started) == (1 if cut else 4)


def listens(site: Site) -> bool:
    try:
        site.running.connect().socket.close()
    except (ConnectionRefusedError, ConnectionResetError):
        return False
    return True


def test_a_shift_while_requests_wait(serve: Any, kind: tuple[str, str]) -> None:
    """They run where they wait, and their connections follow."""
    site = serve(1)
    first, others = site.fill(1, 3)
    successor = "pool" if kind[0] != "pool" else "auto"
    assert site.running.server.shift(successor) == 4
    site.gate.passes.release(4)
    assert [wire.answer().status for wire in (*first, *others)] == [200] * 4
    eventually(lambda: site.running.server.status()["leaving"] == [], "all have left")
    site.gate.passes.release(4)
    assert [wire.ask(request("/again")).status for wire in (*first, *others)] == [200] * 4
