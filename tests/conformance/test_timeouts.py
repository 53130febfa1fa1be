"""Every wait for a client is bounded, and means the same on every engine."""

from __future__ import annotations

import time

import pytest

from tests.conformance.conftest import Serve
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import Wire, chunked, request

LIMIT = 0.3
# A busy machine may be late, never early.
LATE = 3.0


@pytest.fixture
def hasty(serve_probe: Serve) -> Running:
    """A server that waits no longer than `LIMIT` for anything."""
    return serve_probe(timeout_head=LIMIT, timeout_body=LIMIT, timeout_write=LIMIT, timeout_keep_alive=LIMIT)


@pytest.fixture
def patient_when_idle(serve_probe: Serve) -> Running:
    """A server that only minds unfinished requests."""
    return serve_probe(timeout_head=LIMIT, timeout_body=LIMIT, timeout_write=LIMIT, timeout_keep_alive=60.0)


class Stopwatch:
    """Asserts that what happens inside takes `LIMIT`, give or take."""

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            assert LIMIT - 0.05 <= time.monotonic() - self.began <= LATE


def drip(wire: Wire, data: bytes, pause: float) -> bool:
    """Send byte after byte; False as soon as the peer says or ends something."""
    wire.socket.settimeout(pause)
    for at in range(len(data)):
        wire.send(data[at : at + 1])
        try:
            piece = wire.socket.recv(65536)
        except TimeoutError:
            continue
        finally:
            wire.socket.settimeout(10 if at + 1 == len(data) else pause)
        wire.buffer += piece
        wire.socket.settimeout(10)
        return False
    return True


@pytest.mark.parametrize("begun", [b"G", b"GET /hello HTTP/1.1", request()[:-1], b"\r\nGET", b"\r"])
def test_head_that_never_ends(begun: bytes, patient_when_idle: Running) -> None:
    with patient_when_idle.connect() as wire, Stopwatch():
        wire.send(begun)
        answer = wire.read_to_end().only_answer()
        assert answer.status == 408
        assert answer.closes
    assert patient_when_idle.probe.started == []


def test_dripping_a_head_wins_no_time(patient_when_idle: Running) -> None:
    with patient_when_idle.connect() as wire, Stopwatch():
        assert not drip(wire, request(), pause=0.05)
        assert wire.read_to_end().only_answer().status == 408


def test_second_head_that_never_ends(patient_when_idle: Running) -> None:
    with patient_when_idle.connect() as wire:
        assert wire.ask(request()).status == 200
        with Stopwatch():
            wire.send(b"GET /hel")
            assert wire.read_to_end().only_answer().status == 408
    assert patient_when_idle.probe.started == ["/hello"]


def test_pipelined_head_that_never_ends(patient_when_idle: Running) -> None:
    with patient_when_idle.connect() as wire, Stopwatch():
        wire.send(request() + b"GET /hel")
        assert [answer.status for answer in wire.read_to_end().answers()] == [200, 408]


@pytest.mark.parametrize(
    "begun",
    [
        request("/echo", "Content-Length: 10", method="POST"),
        request("/echo", "Content-Length: 10", method="POST") + b"12345",
        request("/echo", "Transfer-Encoding: chunked", method="POST"),
        request("/echo", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhel",
        request("/echo", "Transfer-Encoding: chunked", method="POST") + chunked(b"hello")[:-2],
    ],
    ids=["none", "some", "no-chunk", "half-chunk", "no-end"],
)
def test_body_without_progress(begun: bytes, patient_when_idle: Running) -> None:
    with patient_when_idle.connect() as wire, Stopwatch():
        wire.send(begun)
        answer = wire.read_to_end().only_answer()
        assert answer.status == 408
        assert answer.closes
    assert patient_when_idle.probe.finished == []


def test_withheld_body_after_continue(patient_when_idle: Running) -> None:
    with patient_when_idle.connect() as wire, Stopwatch():
        wire.send(request("/echo", "Content-Length: 10", "Expect: 100-continue", method="POST"))
        answer = wire.read_to_end().only_answer()
        assert [interim.status for interim in answer.interim] == [100]
        assert answer.status == 408


def test_body_with_progress_has_all_the_time(patient_when_idle: Running) -> None:
    with patient_when_idle.connect() as wire:
        wire.send(request("/echo", "Content-Length: 12", method="POST"))
        assert drip(wire, b"0123456789a", pause=LIMIT / 6)
        assert wire.ask(b"b").body == b"0123456789ab"


def test_idle_connection_is_closed_silently(hasty: Running) -> None:
    with hasty.connect() as wire:
        assert wire.ask(request()).status == 200
        with Stopwatch():
            assert wire.read_to_end() == (b"", False)
    assert hasty.log() == ""


def test_new_connection_without_a_byte_is_closed_silently(hasty: Running) -> None:
    with hasty.connect() as wire, Stopwatch():
        assert wire.read_to_end() == (b"", False)
    assert hasty.log() == ""


def test_use_renews_the_idle_time(hasty: Running) -> None:
    with hasty.connect() as wire:
        for _ in range(8):
            assert wire.ask(request()).status == 200
            time.sleep(LIMIT / 6)


def test_idle_connections_cost_the_others_nothing(hasty: Running) -> None:
    idle = [hasty.connect() for _ in range(30)]
    with hasty.connect() as wire:
        assert wire.ask(request()).status == 200
    for wire in idle:
        assert wire.read_to_end().data == b""
        wire.socket.close()


def test_application_may_take_its_time(hasty: Running) -> None:
    """No limit on clients ends a request that has arrived."""
    with hasty.connect() as wire:
        wire.send(request("/gate-echo", method="POST", body=b"hello"))
        eventually(lambda: hasty.probe.started, "the application is called")
        time.sleep(LIMIT * 2)
        hasty.probe.gate.set()
        assert wire.answer().body == b"hello"


def test_client_that_reads_nothing(hasty: Running) -> None:
    """It is cut off, and the application told, within the limit; the rest is never sent."""
    with hasty.connect(receive_buffer=4096) as wire:
        wire.send(request("/large?500000000"))
        began = time.monotonic()
        eventually(lambda: hasty.probe.closed == ["/large"], "the application is closed", within=LATE * 2)
        assert time.monotonic() - began >= LIMIT - 0.05
        assert len(wire.read_to_end().data) < 100_000_000
    assert "Traceback" not in hasty.log()


@pytest.mark.parametrize("amount", [500_000, 40_000])
def test_client_that_reads_slowly_but_steadily(amount: int, hasty: Running) -> None:
    """Bytes that the peer takes are progress, even while the kernel sees no reason to ask us for more.

    A socket is reported writable only once a third of its send buffer is free, and that buffer may hold megabytes.
    """
    with hasty.connect(receive_buffer=65536) as wire:
        wire.send(request("/large?20000000"))
        began = time.monotonic()
        while time.monotonic() - began < LIMIT * 5:
            wanted = len(wire.buffer) + amount
            while len(wire.buffer) < wanted:
                piece = wire.socket.recv(65536)
                assert piece, f"cut off after {len(wire.buffer)} bytes and {time.monotonic() - began:.1f} s"
                wire.buffer += piece
            time.sleep(LIMIT / 10)
            if len(wire.buffer) > 19_000_000:
                break
        assert len(wire.answer().body) == 20_000_000
