"""The pool's threads: how many, when, under which names, and what happens past the bound."""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from gearshift.apps.native import Answer
from gearshift.exchange import Exchange
from tests.support.waiting import eventually

PATIENCE = 10.0


@pytest.fixture
def pool_threads() -> Callable[[], set[str]]:
    """Asks for the names of the pool threads that have come since; servers of other tests may have some too."""
    before = set(threading.enumerate())

    def names() -> set[str]:
        fresh = {thread.name for thread in set(threading.enumerate()) - before}
        return {name for name in fresh if name.startswith("pool-")} - {"pool-engine"}

    return names


def test_threads_are_made_on_demand(start) -> None:
    running = start("pool", threads=4)
    assert running.engine.workers == []
    for _ in range(5):
        running.ask()
    # Quick requests, one after another, need one thread; a wake-up that comes early may make a second.
    assert 1 <= len(running.engine.workers) <= 2


def test_threads_are_made_ahead_when_asked(start, pool_threads) -> None:
    running = start("pool", threads=4, preload=True)
    eventually(lambda: len(running.engine.workers) == 4, "four threads")
    assert [worker.name for worker in running.engine.workers] == ["pool-1", "pool-2", "pool-3", "pool-4"]
    eventually(lambda: pool_threads() == {"pool-1", "pool-2", "pool-3", "pool-4"}, "four running threads")


def test_there_are_never_more_than_asked_and_all_work_at_once(start) -> None:
    everyone = threading.Barrier(3)

    def meet(_: Exchange) -> Answer:
        everyone.wait(PATIENCE)
        return Answer(200, b"", threading.current_thread().name.encode())

    running = start("pool", meet, threads=3)
    clients = [running.connect() for _ in range(6)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    names = [client.recv(65536).rpartition(b"\r\n\r\n")[2] for client in clients]
    assert set(names) <= {b"pool-1", b"pool-2", b"pool-3"}
    assert len(running.engine.workers) == running.engine.most_workers == 3


def test_past_the_bound_requests_are_told_to_come_back(start) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_: Exchange) -> Answer:
        entered.set()
        assert leave.wait(PATIENCE)
        return Answer(200, b"", b"")

    running = start("pool", slow, threads=1, max_waiting=1)
    busy = running.connect()
    busy.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert entered.wait(PATIENCE)
    queued = running.connect()
    queued.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    eventually(lambda: len(running.engine.waiting) == 1, "one request in the queue")
    shed = running.ask()
    assert shed.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 1\r\n" in shed
    assert running.engine.service.counts.shed_full == 1
    leave.set()
    for client in (busy, queued):
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_all_threads_end_with_the_engine(start, pool_threads) -> None:
    running = start("pool", threads=3, preload=True)
    eventually(lambda: len(pool_threads()) == 3, "three running threads")
    running.engine.drain(PATIENCE)
    running.thread.join(PATIENCE)
    eventually(lambda: not pool_threads(), "no thread of the pool is left")


@pytest.mark.parametrize("engine", ["pool", "auto"])
def test_a_client_that_leaves_with_half_a_request_behind_a_whole_one_is_noticed(engine: str, start) -> None:
    """Its bytes and its end are reported as one, while a thread has the connection."""
    entered, leave = threading.Event(), threading.Event()

    def wait(_: Exchange) -> Answer:
        entered.set()
        assert leave.wait(PATIENCE)
        return Answer(200, b"", b"")

    running = start(engine, wait)
    client = running.connect()
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert entered.wait(PATIENCE)
    time.sleep(0.05)  # on auto another thread polls by then
    client.sendall(b"GET / HT")
    client.shutdown(socket.SHUT_WR)
    time.sleep(0.05)
    leave.set()
    eventually(lambda: running.engine.connections == 0, "it is closed", within=3)
