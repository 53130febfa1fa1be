"""Many requests that an engine finds at once, after a pause: their answers may leave together, each as it would alone.

The pause is a stopped process: what is sent meanwhile waits in the sockets, and is found in one look at them.
"""

from __future__ import annotations

import contextlib
import select
import signal
import time
from collections.abc import Iterator

import pytest

from tests.support.process import Process, serving
from tests.support.wire import Wire, request

CROWD = 40
PATIENT = ("--queue-delay", "10")  # none of the requests is overdue
APART = ("thread", "pool", "auto")  # engines on which a slow handler does not hold up the requests beside it


@pytest.fixture
def server(engine: str, interface: str) -> Iterator[Process]:
    with serving("--engine", engine, *PATIENT, f"tests.support.standalone:{interface}") as process:
        yield process


@contextlib.contextmanager
def paused(server: Process) -> Iterator[None]:
    """Nothing is served until the end of the block."""
    server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.signal(signal.SIGCONT)


def connected(server: Process, number: int) -> list[Wire]:
    """Connections that the server has already answered once: it has accepted them."""
    wires = [server.connect() for _ in range(number)]
    for wire in wires:
        assert wire.ask(request()).status == 200
    return wires


def test_requests_of_every_kind_in_one_burst(server: Process) -> None:
    wires = connected(server, CROWD)
    with paused(server):
        for index, wire in enumerate(wires):
            wire.send(
                (
                    request(),
                    request() * 3,
                    request("/echo", method="POST", body=b"x" * 9000),
                    request("/flood?2"),
                    request("/hello", "Connection: close"),
                    request(method="HEAD"),
                    request() + b"GET /",
                    b"BROKEN\r\n\r\n",
                )[index % 8]
            )
    for index, wire in enumerate(wires):
        if index % 8 == 1:
            assert [wire.answer().body for _ in range(3)] == [b"hello"] * 3
        elif index % 8 == 2:
            assert wire.answer().body == b"x" * 9000
        elif index % 8 == 3:
            assert len(wire.answer().body) == 2 * 65536
        elif index % 8 == 5:
            assert wire.answer(b"HEAD").body == b""
        elif index % 8 == 7:
            assert wire.read_to_end().only_answer().status == 400
            continue
        else:
            assert wire.answer().body == b"hello"
        if index % 8 == 4:
            assert wire.read_to_end() == (b"", False)
            continue
        wire.send(b" HTTP/1.1\r\nHost: a\r\n\r\n" if index % 8 == 6 else request())
        assert wire.answer().body == b"hello"


def test_those_who_leave_before_they_are_answered_cost_nobody_else(server: Process) -> None:
    wires = connected(server, CROWD)
    with paused(server):
        for wire in wires:
            wire.send(request())
        for wire in wires[::3]:
            wire.reset()
        for wire in wires[1::3]:
            wire.half_close()
    for wire in wires[1::3]:
        assert wire.read_to_end().only_answer().body == b"hello"
    for wire in wires[2::3]:
        assert wire.answer().body == b"hello"
        assert wire.ask(request()).body == b"hello"


def test_a_slow_handler_among_them(engine: str, server: Process) -> None:
    """Where handlers run one after another an answer waits for at most the few beside it, elsewhere for none."""
    wires = connected(server, CROWD)
    with paused(server):
        for index, wire in enumerate(wires):
            wire.send(request("/sleep?0.6" if index == CROWD // 2 else "/hello"))
    began = time.monotonic()
    for wire in wires:
        if wire is not wires[CROWD // 2]:
            assert wire.answer().body == b"hello"
    if engine in APART or server.popen.args[-1].endswith("asgi"):  # type: ignore[index]
        assert time.monotonic() - began < 0.5
    assert wires[CROWD // 2].answer().body == b"hello"


@pytest.mark.parametrize("engine", APART)
def test_a_slow_second_piece_among_them(engine: str) -> None:
    """Their first pieces leave together; what comes of one of them then does not hold up the others' second ones."""
    with serving("--engine", engine, *PATIENT, "tests.support.standalone:wsgi") as server:
        wires = connected(server, 12)
        with paused(server):
            for index, wire in enumerate(wires):
                wire.send(request("/steps?1.5" if index == 3 else "/steps?0"))
        began = time.monotonic()
        for wire in wires:
            if wire is not wires[3]:
                assert wire.answer().body == b"firstsecond"
        assert time.monotonic() - began < 1
        assert wires[3].answer().body == b"firstsecond"


def test_slow_handlers_do_not_add_up(engine: str) -> None:
    """What is ready is sent before the next slow handler runs: the first of ten does not wait for the last."""
    if engine in APART:
        pytest.skip("each has a thread")
    with serving("--engine", engine, *PATIENT, "tests.support.standalone:wsgi") as server:
        wires = connected(server, 10)
        with paused(server):
            for wire in wires:
                wire.send(request("/sleep?0.1"))
        began = time.monotonic()
        poller = select.poll()
        for wire in wires:
            poller.register(wire.socket, select.POLLIN)
        assert poller.poll(5000)
        first = time.monotonic() - began
        assert [wire.answer().body for wire in wires] == [b"hello"] * 10
        assert first < 0.5 * (time.monotonic() - began)


@pytest.mark.parametrize("engine", ["epoll", "auto"])
def test_an_idle_connection_makes_room_for_a_new_one_in_the_same_burst(engine: str) -> None:
    """The one that was idle longest has just been answered when the newcomer is accepted. (On the other engines a
    thread, or the kernel, still has all four answers.)
    """
    with serving("--engine", engine, "--max-connections", "4", "tests.support.standalone:wsgi") as server:
        wires = connected(server, 4)
        with paused(server):
            for wire in wires:
                wire.send(request())
            newcomer = server.connect()
            newcomer.send(request())
        for wire in wires:
            assert wire.answer().body == b"hello"
        assert newcomer.answer().status == 200
