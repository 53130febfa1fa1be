"""What the two loops measure, against servers whose slowness is known."""

from __future__ import annotations

import socket
import threading
import time

from gearshift.load.histogram import Histogram
from gearshift.load.result import Result
from tests.load.scripted import OK, Script, heads, load, scripted

STALL = 0.2  # seconds
LONG = 0.05  # seconds that no other request takes, even on a busy machine


def stalls_once(after: float) -> Script:
    """A server that does nothing at all for STALL seconds, once, so many seconds after its first request."""
    lock = threading.Lock()
    began: list[float] = []

    def script(connection: socket.socket) -> None:
        for _ in heads(connection):
            with lock:
                began.append(time.monotonic())
                if len(began) > 1 and began[0] and began[-1] - began[0] > after:
                    began[0] = time.monotonic() + 1000  # never again
                    time.sleep(STALL)
            connection.sendall(OK)

    return script


def share_above(histogram: Histogram, seconds: float) -> float:
    """The share of durations that are longer."""
    below = [share for bound, share in histogram.distribution() if bound <= seconds]
    return 1 - (below[-1] if below else 0.0)


def requests_of(result: Result) -> int:
    """All that were due, whatever became of them."""
    failed = sum(result.errors.values())
    return result.requests + result.answered_late + failed + result.not_sent + result.unanswered


def test_a_stall_is_seen_by_all_that_were_due_meanwhile() -> None:
    """No coordinated omission: a client that waits for its answer asks nothing during the stall, so it sees it once."""
    with scripted(stalls_once(0.3)) as url:
        closed = load(url, connections=1, seconds=1)
    with scripted(stalls_once(0.3)) as url:
        opened = load(url, connections=1, seconds=1, rate=200)
    # Of the 200 that are due in a second 40 are during the stall, 30 of them more than LONG before its end.
    assert share_above(opened.latency, LONG) > 0.1
    assert opened.latency.most_seconds >= STALL * 0.95
    for uncorrected in (closed.latency, opened.from_sent):
        assert uncorrected.most_seconds >= STALL * 0.95
        assert share_above(uncorrected, LONG) < 0.05


def test_an_open_loop_asks_what_is_due_and_no_more() -> None:
    def at_once(connection: socket.socket) -> None:
        for _ in heads(connection):
            connection.sendall(OK)

    with scripted(at_once) as url:
        result = load(url, connections=4, seconds=0.5, rate=300)
    assert result.errors == {}
    assert requests_of(result) == 150
    assert result.latency.count == 150 - result.not_sent
    assert result.not_sent < 15  # only if the machine was busy with others when it ended


def test_what_a_slow_server_left_unsent_is_told() -> None:
    def slow(connection: socket.socket) -> None:
        for _ in heads(connection):
            time.sleep(0.02)
            connection.sendall(OK)

    with scripted(slow) as url:
        result = load(url, connections=2, seconds=0.5, rate=400)
    assert requests_of(result) == 200
    assert 1 <= result.requests <= 50  # two connections, 50 a second each
    assert result.not_sent >= 100
    # What was sent last was due long before.
    assert result.latency.most_seconds > 0.2
    assert result.latency.most_seconds > 2 * result.from_sent.percentile(50)


def test_a_closed_loop_waits_for_its_last_answers() -> None:
    def slow(connection: socket.socket) -> None:
        for _ in heads(connection):
            time.sleep(0.3)
            connection.sendall(OK)

    with scripted(slow) as url:
        result = load(url, connections=3, seconds=0.1)
    assert (result.requests, result.answered_late, result.unanswered) == (0, 3, 0)
    assert result.latency.count == 3
    assert result.latency.least_seconds >= 0.29


def test_a_warm_up_does_not_count() -> None:
    first = threading.Event()

    def slow_at_first(connection: socket.socket) -> None:
        for _ in heads(connection):
            if not first.is_set():
                first.set()
                time.sleep(STALL)
            connection.sendall(OK)

    with scripted(slow_at_first) as url:
        result = load(url, connections=1, seconds=0.3, warmup=0.5)
    assert result.requests > 0
    assert 0.25 < result.seconds < 0.6
    assert result.latency.most_seconds < STALL


def test_pipelined_requests_are_asked_together() -> None:
    most = 0

    def counts(connection: socket.socket) -> None:
        nonlocal most
        while data := connection.recv(65536):
            many = data.count(b"\r\n\r\n")
            most = max(most, many)
            connection.sendall(OK * many)

    with scripted(counts) as url:
        result = load(url, connections=2, seconds=0.3, pipeline=5)
    assert most == 5
    assert result.errors == {}
    assert result.opened == 2


def test_a_body_larger_than_the_socket_takes_is_sent_whole() -> None:
    sizes: set[int] = set()
    body = "x" * 5_000_000

    def swallows(connection: socket.socket) -> None:
        while head := connection.recv(10_000):
            left = len(body) - len(head.partition(b"\r\n\r\n")[2])
            while left > 0 and (more := connection.recv(65536)):
                left -= len(more)
            sizes.add(left)
            connection.sendall(OK)

    with scripted(swallows) as url:
        result = load(url, connections=2, seconds=0.3, method="PUT", body=body)
    assert sizes == {0}
    assert result.errors == {}
    assert result.requests + result.answered_late > 1
