"""A gibibyte either way past a slow peer: the server's memory stays where it was."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator

import pytest

from tests.support.process import Process, serving
from tests.support.standalone import BLOCK
from tests.support.wire import Wire, request

GIBIBYTE = 1 << 30
ROOM = 50 * 1024 * 1024
# What the kernel's buffers at both ends and the server's own may hold between a producer and a consumer that waits.
IN_FLIGHT = 24 * 1024 * 1024


@pytest.fixture
def server(engine: str, interface: str) -> Iterator[Process]:
    """A server in its own process that has already served something of each kind."""
    with serving("--engine", engine, "--threads", "64", f"tests.support.standalone:{interface}") as process:
        with process.connect() as wire:
            wire.ask(request("/swallow", method="POST", body=BLOCK))
            wire.ask(request("/flood?8"))
        yield process


def drained(wire: Wire) -> int:
    """Read chunked data until its end; the number of bytes with their framing."""
    buffer = bytearray(1 << 20)
    count = 0
    tail = b""
    while not tail.endswith(b"\r\n0\r\n\r\n"):
        size = wire.socket.recv_into(buffer)
        assert size, f"ended after {count} bytes"
        count += size
        tail = (tail + bytes(buffer[max(0, size - 16) : size]))[-16:]
    return count


def test_slow_reader(server: Process) -> None:
    before = server.reset_peak()
    with server.connect() as wire, server.connect() as other:
        wire.send(request(f"/flood?{GIBIBYTE // len(BLOCK)}"))
        wire.read_until(b"\r\n\r\n")
        count = len(wire.buffer)
        for _ in range(20):
            count += len(wire.socket.recv(65536))
            time.sleep(0.01)
        # The producer has been held back while we dawdled.
        assert int(other.ask(request("/produced")).body) - count < IN_FLIGHT
        count += drained(wire)
        assert count >= GIBIBYTE
        assert other.ask(request("/hello")).body == b"hello"
    assert server.memory() - before < ROOM


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_slow_writer(framing: str, server: Process) -> None:
    before = server.reset_peak()
    block = BLOCK * 16
    with server.connect(patience=30) as wire:
        if framing == "length":
            wire.send(request("/swallow", f"Content-Length: {GIBIBYTE}", method="POST"))
            data, end = block, b""
        else:
            wire.send(request("/swallow", "Transfer-Encoding: chunked", method="POST"))
            data, end = b"%x\r\n%b\r\n" % (len(block), block), b"0\r\n\r\n"
        for number in range(GIBIBYTE // len(block)):
            wire.send(data)
            if number < 20:
                time.sleep(0.01)
        wire.send(end)
        assert not wire.refused_bytes
        assert wire.answer().body == b"%d" % GIBIBYTE
        assert wire.ask(request("/hello")).body == b"hello"
    assert server.memory() - before < ROOM


@pytest.mark.parametrize("interface", ["asgi"])
def test_body_that_nobody_receives_is_held_back(interface: str, server: Process) -> None:
    """Without a receive() the client can fill the buffers between the two, no more."""
    before = server.reset_peak()
    with server.connect() as wire:
        wire.send(request("/hold?60", f"Content-Length: {GIBIBYTE}", method="POST"))
        wire.socket.setblocking(False)
        sent = 0
        poller = select.poll()  # select() knows no descriptor past 1023
        poller.register(wire.socket, select.POLLOUT)
        while poller.poll(300):
            sent += wire.socket.send(BLOCK)
            assert sent < IN_FLIGHT
    assert server.memory() - before < ROOM


def test_many_slow_readers(server: Process) -> None:
    """Forty at once, each with megabytes to get, cost forty small buffers."""
    before = server.reset_peak()
    wires = [server.connect(receive_buffer=4096) for _ in range(40)]
    for wire in wires:
        wire.send(request("/flood?30"))
    for wire in wires:
        wire.read_until(b"\r\n\r\n")
    for wire in wires:
        drained(wire)
        wire.socket.close()
    assert server.memory() - before < ROOM
