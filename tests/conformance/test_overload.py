"""Past the limits a client gets a clear answer, and room is made where it hurts nobody."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Serve
from tests.support.probe import AsgiProbe, WsgiProbe
from tests.support.servers import Running, Servers
from tests.support.waiting import eventually
from tests.support.wire import Wire, request


@pytest.fixture
def small(serve_probe: Serve) -> Running:
    """A server for four connections."""
    return serve_probe(max_connections=4)


def served(running: Running) -> bool:
    """Whether a new connection is answered with 200; it is closed again."""
    with running.connect() as wire:
        wire.send(request("/hello", "Connection: close"))
        return wire.read_to_end().data.startswith(b"HTTP/1.1 200 ")


def test_one_connection_too_many(small: Running) -> None:
    before = small.server.status()["counts"]
    busy = [small.connect() for _ in range(4)]
    try:
        for wire in busy:
            # Half a request: not idle, so it is not sacrificed.
            wire.send(b"GET /hello HTTP/1.1\r\n")
        for wire in busy:
            eventually(lambda wire=wire: wire.unread_by_peer() == 0, "the half requests are read")
        with small.connect() as wire:
            wire.send(request("/hello/surplus"))
            answer = wire.read_to_end().only_answer()
        assert answer.status == 503
        assert answer.closes
        assert (answer.field(b"retry-after") or b"").isdigit()
        for wire in busy:
            assert wire.ask(b"Host: a\r\n\r\n").status == 200
    finally:
        for wire in busy:
            wire.socket.close()
    assert "/hello/surplus" not in small.probe.started
    counts = small.server.status()["counts"]
    assert counts["refused_connections"] == before["refused_connections"] + 1
    assert counts["evicted_connections"] == before["evicted_connections"]
    eventually(lambda: served(small), "room for a new connection")


def test_idle_connections_make_room_oldest_first(small: Running) -> None:
    idle: list[Wire] = []
    eventually(lambda: small.server.status()["open_connections"] == 0, "those of other tests are gone")
    before = small.server.status()["counts"]
    try:
        for _ in range(4):
            wire = small.connect()
            idle.append(wire)
            assert wire.ask(request()).status == 200
        with small.connect() as wire:
            assert wire.ask(request("/hello/new")).status == 200
            assert idle[0].read_to_end() == (b"", False)
            assert [other.ask(request()).status for other in idle[1:]] == [200, 200, 200]
            counts = small.server.status()["counts"]
            assert counts["evicted_connections"] == before["evicted_connections"] + 1
            assert counts["refused_connections"] == before["refused_connections"]
    finally:
        for wire in idle:
            wire.socket.close()
    eventually(lambda: served(small), "room for a new connection")


@pytest.mark.parametrize("interface", ["wsgi"])
def test_pool_refuses_what_its_queue_cannot_hold(interface: str, servers: Servers) -> None:
    probe = WsgiProbe()
    site = servers.get(probe, "pool", threads=1, max_waiting=2)
    wires = [site.connect() for _ in range(4)]
    try:
        for number, wire in enumerate(wires[:3]):
            wire.send(request(f"/gate/{number}"))
            if number == 0:
                eventually(lambda: probe.started == ["/gate/0"], "the thread is busy")
        answers = []

        def refused() -> bool:
            """The queue fills as soon as the poller has read the requests before ours."""
            with site.connect() as wire:
                wire.send(request("/hello/surplus"))
                wire.socket.settimeout(0.3)
                try:
                    answers.append(wire.read_to_end().only_answer())
                except AssertionError:
                    return False
            return True

        eventually(refused, "a request is refused")
        assert answers[0].status == 503
        assert (answers[0].field(b"retry-after") or b"").isdigit()
        probe.gate.set()
        assert {wire.answer().status for wire in wires[:3]} <= {200, 503}
    finally:
        probe.gate.set()
        for wire in wires:
            wire.socket.close()
    assert probe.started[0] == "/gate/0"


@pytest.mark.parametrize("number_of_threads", [1, 2])
def test_pool_serves_more_connections_than_it_has_threads(number_of_threads: int, servers: Servers) -> None:
    site = servers.get(WsgiProbe(), "pool", threads=number_of_threads)
    wires = [site.connect() for _ in range(20)]
    for _ in range(3):
        for wire in wires:
            assert wire.ask(request()).status == 200
    for wire in wires:
        wire.socket.close()


def test_asgi_requests_run_at_the_same_time(servers: Servers, engine: str) -> None:
    """Waiting coroutines hold neither the engine nor each other up."""
    probe = AsgiProbe()
    site = servers.get(probe, engine, threads=32)
    wires = [site.connect() for _ in range(20)]
    for number, wire in enumerate(wires):
        wire.send(request(f"/gate/{number}"))
    eventually(lambda: len(probe.started) == 20, "all are running")
    with site.connect() as wire:
        assert wire.ask(request()).status == 200
    probe.gate.set()
    for wire in wires:
        assert wire.answer().status == 200
        wire.socket.close()


def test_wsgi_requests_run_at_the_same_time_on_threads(servers: Servers) -> None:
    for engine in ("thread", "pool"):
        probe = WsgiProbe()
        site = servers.get(probe, engine, threads=8)
        wires = [site.connect() for _ in range(6)]
        for wire in wires:
            wire.send(request("/gate"))
        eventually(lambda probe=probe: len(probe.started) == 6, "all are running")
        probe.gate.set()
        for wire in wires:
            assert wire.answer().status == 200
            wire.socket.close()
