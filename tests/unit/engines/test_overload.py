"""Too many requests: which are answered, which are told to come back, which are dropped."""

import threading
import time

import pytest

from gearshift.apps.native import Answer
from gearshift.exchange import Exchange
from tests.support.waiting import eventually

PATIENCE = 10.0
GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(params=["pool", "auto"])
def name(request: pytest.FixtureRequest) -> str:
    """The engines that have a queue."""
    return str(request.param)


class Gate:
    """A handler that lets one request through at a time, and notes which."""

    def __init__(self) -> None:
        self.served: list[bytes] = []
        self.open = threading.Semaphore(0)

    def __call__(self, exchange: Exchange) -> Answer:
        assert self.open.acquire(timeout=PATIENCE)
        self.served.append(exchange.request.path)
        return Answer(200, b"", b"")


def filled(name, start, gate, waiting=3, **changes):
    """An engine whose one thread is busy and has so many requests waiting for it."""
    running = start(name, gate, threads=1, **changes)
    if name == "auto":
        # It learns that the kind takes long; then no leader runs one.
        first = running.connect()
        first.sendall(GET % b"1")
        eventually(lambda: running.engine.relieved == 1, "the leader is relieved")
    else:
        first = running.connect()
        first.sendall(GET % b"1")
        eventually(lambda: running.engine.taken == 1, "a thread has it")
    clients = [first]
    for number in range(2, waiting + 2):
        client = running.connect()
        client.sendall(GET % str(number).encode())
        clients.append(client)
        eventually(
            lambda number=number: len(running.engine.waiting) == number - 1, f"{number} is in the queue"
        )
    return running, clients


def test_what_is_overdue_in_a_standing_queue_is_answered_at_once(name, start) -> None:
    gate = Gate()
    running, clients = filled(name, start, gate, queue_delay=0.05)
    began = time.monotonic()
    for client in clients[1:]:
        answer = client.recv(65536)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 1\r\n" in answer
    assert time.monotonic() - began < 2
    assert running.engine.service.counts.shed_overdue == 3
    assert running.engine.service.counts.shed_full == 0
    gate.open.release()
    assert clients[0].recv(65536).startswith(b"HTTP/1.1 200 ")
    assert gate.served == [b"/1"]
    assert running.log.read_text().count("overload") == 1


def test_while_it_stands_the_newest_goes_first(name, start) -> None:
    gate = Gate()
    running, _ = filled(name, start, gate, waiting=1, queue_delay=0.2)

    def feed(number: int) -> None:
        running.connect().sendall(GET % str(number).encode())

    number = 10
    while not (running.engine.waiting.standing.overdue and len(running.engine.waiting) > 6):
        assert number < 500, "the queue never stands"
        feed(number)
        number += 1
        time.sleep(0.02)
    gate.open.release(2)
    eventually(lambda: len(gate.served) >= 2, "two are served")
    assert gate.served[0] == b"/1"
    assert int(gate.served[1][1:]) >= number - 4  # in order, it would be one of those before the last six
    gate.open.release(1000)


def test_a_burst_is_served_in_order(name, start) -> None:
    gate = Gate()
    running, clients = filled(name, start, gate, waiting=5, queue_delay=5.0)
    for _ in clients:
        gate.open.release()
    for client in clients:
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert gate.served == [b"/1", b"/2", b"/3", b"/4", b"/5", b"/6"]
    assert running.engine.service.counts.shed_overdue == 0


def test_a_request_whose_client_has_left_is_not_started(name, start) -> None:
    gate = Gate()
    running, clients = filled(name, start, gate, queue_delay=5.0)
    time.sleep(0.05)  # an end of input that comes with its request would be a half-close
    clients[2].close()
    eventually(lambda: any(connection.leaves for connection in list(running.engine.waiting)), "it is noticed")
    for _ in clients:
        gate.open.release()
    for client in (clients[0], clients[1], clients[3]):
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert gate.served == [b"/1", b"/2", b"/4"]
    assert running.engine.service.counts.abandoned == 1
