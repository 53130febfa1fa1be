"""No ending of a connection leaves a descriptor behind, and running out of them is survived."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.process import CLOSE_WAIT, LISTEN, TIME_WAIT, Process, serving
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

CONNECTIONS = 10_000
DESCRIPTORS = 256
HALF = request("/echo", "Content-Length: 1000", method="POST") + b"x" * 100
OUT_OF_DESCRIPTORS = re.compile(r"too many open files|EMFILE", re.IGNORECASE)


def answered(wire: Wire) -> None:
    assert wire.ask(request()).status == 200
    wire.socket.close()


def answered_and_closed(wire: Wire) -> None:
    wire.send(request("/hello", "Connection: close"))
    assert wire.read_to_end().only_answer().status == 200
    wire.socket.close()


def refused(wire: Wire) -> None:
    wire.send(b"BAD\r\n\r\n")
    assert wire.read_to_end().only_answer().status == 400
    wire.socket.close()


def half_closed(wire: Wire) -> None:
    wire.send(request())
    wire.half_close()
    assert wire.read_to_end().only_answer().status == 200
    wire.socket.close()


def nothing(wire: Wire) -> None:
    wire.socket.close()


def reset(wire: Wire) -> None:
    wire.reset()


def reset_unread(wire: Wire) -> None:
    wire.send(request() * 3)
    wire.reset()


def half_request(wire: Wire) -> None:
    wire.send(request()[:-2])
    wire.socket.close()


def half_request_reset(wire: Wire) -> None:
    wire.send(request()[:20])
    wire.reset()


def half_body(wire: Wire) -> None:
    wire.send(HALF)
    wire.socket.close()


def half_body_reset(wire: Wire) -> None:
    wire.send(HALF)
    wire.reset()


def large_unread(wire: Wire) -> None:
    wire.send(request("/flood?100"))
    wire.read_until(b"\r\n\r\n")
    wire.reset()


def large_closed(wire: Wire) -> None:
    wire.send(request("/flood?100"))
    wire.socket.close()


def application_error(wire: Wire) -> None:
    assert wire.ask(request("/raise")).status == 500
    wire.socket.close()


def idle_later(wire: Wire) -> None:
    """Left open; the batch closes it."""
    assert wire.ask(request()).status == 200


def unused_later(wire: Wire) -> None:
    """Left open without a byte."""


ENDINGS: list[Callable[[Wire], None]] = [
    answered,
    answered_and_closed,
    refused,
    half_closed,
    nothing,
    reset,
    reset_unread,
    half_request,
    half_request_reset,
    half_body,
    half_body_reset,
    large_unread,
    large_closed,
    application_error,
    idle_later,
    unused_later,
]


def settled(server: Process) -> int:
    """The sockets it has between connections: threads, loops and wake-ups that the first requests bring are no leak."""
    for target in ("/hello", "/flood?1"):
        with server.connect() as wire:
            wire.send(request(target, "Connection: close"))
            wire.read_to_end()
    eventually(lambda: set(server.sockets()) <= {LISTEN, TIME_WAIT}, "the first connections are gone")
    return server.open_sockets()


def all_closed(server: Process, base: int) -> bool:
    """Whether only the sockets from before the first connection are left."""
    return server.open_sockets() == base and set(server.sockets()) <= {LISTEN, TIME_WAIT}


def eventually_closed(server: Process, base: int) -> None:
    """Fails where more is left after a while than there was, and says what."""
    try:
        eventually(lambda: all_closed(server, base), "only the first sockets are left", within=20)
    except AssertionError as error:
        states = Counter(server.sockets())
        raise AssertionError(
            f"{error}; {base} before, {server.open_sockets()} now; states {states}"
        ) from None


@pytest.mark.timeout(300)
def test_ten_thousand_connections_of_every_ending(engine: str, interface: str) -> None:
    arguments = ("--engine", engine, "--error-log", "/dev/null", f"tests.support.standalone:{interface}")
    with serving(*arguments, descriptors=DESCRIPTORS) as server:
        base, most = settled(server), server.descriptors() + 128
        for batch in range(0, CONNECTIONS, 64):
            wires = []
            for number in range(batch, min(batch + 64, CONNECTIONS)):
                wire = server.connect()
                wires.append(wire)
                ENDINGS[number % len(ENDINGS)](wire)
            for wire in wires:
                wire.socket.close()
        eventually_closed(server, base)
        assert server.descriptors() <= most
        assert CLOSE_WAIT not in server.sockets()
        with server.connect() as wire:
            assert wire.ask(request()).status == 200


def half_requests(server: Process, count: int) -> list[Wire]:
    """Connections that are not idle, so that none is given up for another."""
    wires = []
    for _ in range(count):
        wire = server.connect()
        wire.send(request()[:-2])
        wires.append(wire)
    return wires


def test_running_out_of_descriptors(engine: str, interface: str) -> None:
    """Told once, no busy loop, those let in are served, and everything works again when there is room."""
    with serving("--engine", engine, f"tests.support.standalone:{interface}", descriptors=64) as server:
        base = settled(server)
        first = half_requests(server, 20)
        for wire in first:
            eventually(lambda wire=wire: wire.unread_by_peer() == 0, "the half request is read")
        others = half_requests(server, 130)
        used = server.cpu()
        time.sleep(1.0)
        assert server.cpu() - used < 0.25
        for wire in first:
            assert wire.ask(b"\r\n").status == 200
        for wire in (*first, *others):
            wire.socket.close()
        eventually(lambda: server.open_sockets() == base, f"back to {base} sockets", within=10)
        for _ in range(20):
            with server.connect() as wire:
                assert wire.ask(request()).status == 200
        server.popen.terminate()
        code, said = server.ended()
    assert code == 0
    assert len([line for line in said.splitlines() if OUT_OF_DESCRIPTORS.search(line)]) == 1, said
    assert "Traceback" not in said


def test_room_that_is_made_is_used_at_once(engine: str, interface: str) -> None:
    """Silent connections are many, and each makes room for one: no rest between them may last its full time."""
    with serving("--engine", engine, f"tests.support.standalone:{interface}", descriptors=64) as server:
        silent = [server.connect() for _ in range(150)]
        with server.connect() as wire:
            began = time.monotonic()
            assert wire.ask(request()).status == 200
            assert time.monotonic() - began < 2.5
        for wire in silent:
            wire.socket.close()


def test_idle_connections_make_room_when_descriptors_run_out(engine: str, interface: str) -> None:
    with serving("--engine", engine, f"tests.support.standalone:{interface}", descriptors=64) as server:
        idle = [server.connect() for _ in range(150)]
        for wire in idle[-10:]:
            assert wire.ask(request()).status == 200
        assert sum(wire.closed_by_peer() for wire in idle) >= 150 - 64
        with server.connect() as wire:
            assert wire.ask(request()).status == 200
