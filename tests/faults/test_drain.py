"""Stopping: everything received is answered, nothing new is taken, and a deadline bounds it."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.process import Process, serving
from tests.support.waiting import eventually
from tests.support.wire import Wire, chunked, request

BOTH = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def server(engine: str, interface: str) -> Iterator[Process]:
    with serving("--engine", engine, f"tests.support.standalone:{interface}") as process:
        yield process


def refuses(server: Process) -> bool:
    """Whether nobody listens any more."""
    try:
        server.connect().socket.close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False


def begun(server: Process, target: str) -> Wire:
    """A connection whose request is being served."""
    wire = server.connect(patience=15)
    assert wire.ask(request()).status == 200
    wire.send(request(target))
    # The server has taken the request off the socket; give its application a moment to be called.
    eventually(lambda: wire.unread_by_peer() == 0, "the request is read")
    time.sleep(0.05)
    return wire


@pytest.mark.parametrize("number", BOTH)
def test_idle_server_stops_at_once(number: signal.Signals, server: Process) -> None:
    with server.connect() as idle, server.connect() as unused:
        assert idle.ask(request()).status == 200
        began = time.monotonic()
        server.signal(number)
        assert idle.read_to_end() == (b"", False)
        assert unused.read_to_end() == (b"", False)
        code, said = server.ended()
        assert time.monotonic() - began < 5
    assert code in (0, 128 + number)
    assert "Traceback" not in said


def test_signal_behind_an_answer_is_not_lost(engine: str) -> None:
    """The engine is about to wait: a signal between its last look and its wait must end the wait."""
    for _ in range(10):
        with serving("--engine", engine, "tests.support.standalone:wsgi") as server, server.connect() as wire:
            assert wire.ask(request()).status == 200
            server.signal(signal.SIGTERM)
            wire.socket.settimeout(2)
            assert wire.read_to_end() == (b"", False)
            assert server.wait() == 0


@pytest.mark.parametrize("number", BOTH)
def test_running_request_is_finished(number: signal.Signals, server: Process) -> None:
    with begun(server, "/sleep?0.5") as wire:
        server.signal(number)
        answer = wire.read_to_end().only_answer()
        assert (answer.status, answer.body) == (200, b"hello")
        assert answer.closes
        code, said = server.ended()
    assert code in (0, 128 + number)
    assert "Traceback" not in said


def test_large_answer_is_finished(server: Process) -> None:
    with server.connect(receive_buffer=8192) as wire:
        wire.send(request("/flood?400"))
        wire.read_until(b"\r\n\r\n")
        server.signal(signal.SIGTERM)
        assert wire.read_to_end().data.endswith(b"\r\n0\r\n\r\n")
        assert server.wait() == 0


def test_request_being_sent_is_finished(server: Process) -> None:
    """A request whose head has arrived is received: its body may still come."""
    with server.connect() as wire:
        wire.send(request("/echo", "Transfer-Encoding: chunked", method="POST"))
        wire.send(chunked(b"hello")[:8])
        eventually(lambda: wire.unread_by_peer() == 0, "the head is read")
        server.signal(signal.SIGTERM)
        eventually(lambda: refuses(server), "the listener is closed")
        wire.send(chunked(b"hello")[8:])
        assert wire.read_to_end().only_answer().body == b"hello"
        assert server.wait() == 0


def test_what_is_in_the_accept_queue_is_answered(server: Process) -> None:
    """Connections the kernel has completed belong to us, though nobody has accepted them yet."""
    with begun(server, "/sleep?0.4") as wire:
        queued = [server.connect() for _ in range(100)]
        for other in queued:
            other.send(request("/hello"))
        server.signal(signal.SIGTERM)
        assert wire.read_to_end().only_answer().body == b"hello"
        for other in queued:
            assert other.read_to_end().only_answer().status == 200
            other.socket.close()
        assert server.wait() == 0


def test_pipelined_requests_already_received_are_answered(server: Process) -> None:
    with server.connect() as wire:
        wire.send(request("/sleep?0.4") + request("/hello") * 5)
        eventually(lambda: wire.unread_by_peer() == 0, "the requests are read")
        time.sleep(0.05)
        server.signal(signal.SIGTERM)
        answers = wire.read_to_end().answers()
        assert [answer.body for answer in answers] == [b"hello"] * 6
        assert [answer.closes for answer in answers[-1:]] == [True]
        assert server.wait() == 0


def test_new_connections_are_refused(server: Process) -> None:
    with begun(server, "/sleep?1") as wire:
        server.signal(signal.SIGTERM)
        if server_is_free(server):
            eventually(lambda: refuses(server), "the listener is closed", within=0.9)
        assert wire.read_to_end().only_answer().status == 200
    eventually(lambda: refuses(server), "the listener is closed")
    assert server.wait() == 0


def server_is_free(server: Process) -> bool:
    """Whether another thread than the application's can close the listener meanwhile."""
    arguments = [str(argument) for argument in server.popen.args]  # type: ignore[union-attr]
    return not (({"epoll", "uring"} & set(arguments)) and arguments[-1].endswith("wsgi"))


def test_deadline_bounds_the_drain(engine: str, interface: str) -> None:
    arguments = ("--engine", engine, "--timeout-drain", "0.5", f"tests.support.standalone:{interface}")
    with serving(*arguments) as server, begun(server, "/sleep?20"):
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        server.wait(within=8)
        assert 0.4 < time.monotonic() - began < 5


@pytest.mark.parametrize("number", BOTH)
def test_second_signal_ends_it(number: signal.Signals, server: Process) -> None:
    with begun(server, "/sleep?20"):
        server.signal(number)
        time.sleep(0.2)
        assert server.popen.poll() is None
        began = time.monotonic()
        server.signal(number)
        server.wait(within=8)
        assert time.monotonic() - began < 3


def test_nothing_is_reset_under_load(server: Process) -> None:
    """Clients come and go while the server stops: each is answered whole or never let in."""
    stopped = False
    answered = 0
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        wires = []
        try:
            for _ in range(20):
                wire = server.connect()
                wire.send(request())
                wires.append(wire)
        except (ConnectionRefusedError, ConnectionResetError):
            # A handshake that completes between the last accept and the close of the listener is reset by the kernel
            # before we have sent anything: never let in.
            deadline = 0
        for wire in wires:
            wire.half_close()
            ending = wire.read_to_end()
            # Where the reset met our sending, that has had the error, and reading only finds the end.
            if not ((ending.reset or wire.refused_bytes) and ending.data == b""):
                assert ending.only_answer().status == 200
                answered += 1
            wire.socket.close()
        if not stopped and answered > 100:
            stopped = True
            server.signal(signal.SIGTERM)
    assert stopped
    assert server.wait() == 0


def test_unix_socket_is_removed(engine: str, tmp_path: object) -> None:
    path = f"{tmp_path}/server.sock"
    with serving("--engine", engine, "--bind", f"unix:{path}", "tests.support.standalone:wsgi") as server:
        with Wire(path) as wire:
            assert wire.ask(request()).status == 200
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(FileNotFoundError):
        client.connect(path)
