"""--health: paths that the server itself answers, whatever the application does."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.support.probe import Probe
from tests.support.servers import run
from tests.support.waiting import eventually
from tests.support.wire import request


def test_it_is_answered_without_the_application(engine: str, interface: str, probes, tmp_path: Path) -> None:
    probe: Probe = probes[engine, interface]
    probe.reset()
    with run(probe, engine, tmp_path, health=["/healthy", "/live"]) as site, site.connect() as wire:
        for path in ("/healthy", "/live", "/live?deep=1"):
            answer = wire.ask(request(path))
            assert (answer.status, answer.body) == (200, b"ok\n")
        assert wire.ask(request("/live", method="HEAD"), b"HEAD").status == 200
        assert probe.started == []
        assert wire.ask(request("/hello")).body == b"hello"
        assert probe.started == ["/hello"]


def test_it_does_not_wait_for_a_thread(tmp_path: Path) -> None:
    """All threads are busy and requests wait; the question is answered at once."""
    leave = threading.Event()

    def hold(environ, start_response):
        assert leave.wait(10)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    for engine in ("pool", "auto"):
        leave.clear()
        with run(hold, engine, tmp_path, health="/healthy", threads=2, queue_delay=5) as site:
            held = [site.connect() for _ in range(5)]
            for wire in held:
                wire.send(request("/"))
            status = site.server.status
            eventually(lambda status=status: status()["requests"]["waiting"] == 3, "three wait")
            with site.connect() as wire:
                assert wire.ask(request("/healthy")).body == b"ok\n"
            leave.set()
            for wire in held:
                assert wire.answer().status == 200
                wire.socket.close()


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_it_is_answered_where_one_thread_does_everything(engine: str, tmp_path: Path) -> None:
    """While its turns last too long, others are told to come back; the question is answered between two of them."""

    def slow(environ, start_response):
        time.sleep(0.05)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    with run(slow, engine, tmp_path, health="/healthy", queue_delay=0.05) as site:
        counts = site.server.status

        def shed() -> bool:
            for wire in [site.connect() for _ in range(20)]:
                wire.send(request("/"))
            return counts()["counts"]["shed_overdue"] > 0

        eventually(shed, "requests are told to come back", within=10)
        for _ in range(5):
            with site.connect() as wire:
                wire.send(request("/"))
                with site.connect() as other:
                    assert other.ask(request("/healthy")).body == b"ok\n"
        assert counts()["counts"]["shed_full"] == 0
