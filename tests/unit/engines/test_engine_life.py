"""An engine's life: it accepts, drains, stops, and can be told so at any time from any thread."""

import contextlib
import gc
import socket
import threading

import pytest

from gearshift.apps.native import Answer
from gearshift.connection import Phase
from gearshift.engines.accepting import Life
from gearshift.errors import SettingError
from gearshift.exchange import Exchange
from gearshift.http.request import Request
from tests.support.waiting import eventually

PATIENCE = 10.0


def test_it_serves_then_drains_then_has_stopped(name: str, start) -> None:
    running = start(name)
    assert running.ask().endswith(b"hello")
    assert running.engine.life == Life.ACCEPTING
    running.engine.drain(PATIENCE)
    running.thread.join(PATIENCE)
    assert not running.thread.is_alive()
    assert running.engine.life == Life.STOPPED
    assert running.log.read_text() == ""


def test_draining_closes_the_listeners_and_the_idle_connections(name: str, start) -> None:
    running = start(name)
    client = running.connect()
    running.ask(client=client)
    where = running.listeners[0].socket.getsockname()
    running.engine.drain(PATIENCE)
    running.thread.join(PATIENCE)
    assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, PATIENCE).close()


def test_draining_lets_a_request_finish(name: str, start) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_: Exchange) -> Answer:
        entered.set()
        assert leave.wait(PATIENCE)
        return Answer(200, b"", b"late")

    running = start(name, slow)
    client = running.connect()
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert entered.wait(PATIENCE)
    running.engine.drain(PATIENCE)
    leave.set()
    running.thread.join(PATIENCE)
    answer = b""
    while piece := client.recv(65536):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nlate")


def test_the_drain_s_deadline_cuts_what_is_left(name: str, start) -> None:
    running = start(name)
    client = running.connect()
    client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
    eventually(lambda: running.log.exists(), "the log")
    running.engine.drain(0.05)
    running.thread.join(PATIENCE)
    assert running.engine.life == Life.STOPPED
    with contextlib.suppress(ConnectionResetError):
        while client.recv(65536):
            pass


def test_stop_ends_at_once(name: str, start) -> None:
    running = start(name)
    client = running.connect()
    running.ask(client=client)
    running.engine.stop()
    running.thread.join(PATIENCE)
    assert running.engine.life == Life.STOPPED
    with contextlib.suppress(ConnectionResetError):
        assert client.recv(1) == b""


def test_it_may_be_told_before_it_runs_and_more_than_once(name: str, prepare) -> None:
    running = prepare(name)
    running.engine.interrupt()
    running.engine.drain(1.0)
    running.engine.drain(0.5)
    running.start()
    running.thread.join(PATIENCE)
    assert running.engine.life == Life.STOPPED
    running.engine.drain(1.0)
    running.engine.stop()


def test_being_interrupted_for_nothing_changes_nothing(name: str, start) -> None:
    running = start(name)
    for _ in range(50):
        running.engine.interrupt()
    assert running.ask().endswith(b"hello")
    assert running.engine.life == Life.ACCEPTING


def test_several_listeners(name: str, start, tmp_path) -> None:
    running = start(name, bind=["127.0.0.1:0", f"unix:{tmp_path}/socket", "127.0.0.1:0"])
    for number in range(3):
        assert running.ask(client=running.connect(number)).endswith(b"hello")


def test_more_listeners_than_can_be_polled_are_refused(prepare) -> None:
    with pytest.raises(SettingError, match=r"--bind: found 64 addresses, expected at most \d+"):
        prepare("thread", bind=["127.0.0.1:0"] * 64)


@pytest.mark.parametrize("engine", ["pool", "epoll"])
def test_a_loop_tells_its_connections(engine: str, start) -> None:
    running = start(engine)
    clients = [running.connect() for _ in range(3)]
    for client in clients:
        running.ask(client=client)
    loop = running.engine
    assert loop.connections == 3
    eventually(lambda: loop.deadlines.size == 3, "three idle connections")
    for connection in loop.deadlines:
        assert connection.phase == Phase.SERVING
        assert connection.exchange is None
        assert connection.requests == 1
    ports = {client.getsockname()[1] for client in clients}
    assert {int(connection.peer_port()) for connection in loop.deadlines} == ports
    assert {connection.peer_host() for connection in loop.deadlines} == {"127.0.0.1"}
    clients[0].close()
    eventually(lambda: loop.connections == 2, "one connection less")


def test_the_thread_engine_tells_its_connections(start) -> None:
    running = start("thread")
    client = running.connect()
    running.ask(client=client)
    [(descriptor, connection)] = running.engine.open.items()
    assert connection.fd == descriptor
    assert connection.peer_port() == str(client.getsockname()[1])
    client.close()
    eventually(lambda: not running.engine.open, "no connection")


@pytest.mark.parametrize("family", ["127.0.0.1:0", "[::1]:0", "unix:{}/socket"])
def test_a_peer_has_an_address_unless_its_socket_is_a_file(name: str, family: str, start, tmp_path) -> None:
    seen = []

    def look(exchange: Exchange) -> Answer:
        facts = exchange.facts()
        seen.append((facts.peer, facts.protocol, facts.requests, facts.engine))
        return Answer(200, b"", b"")

    if family.startswith("[") and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    running = start(name, look, bind=[family.format(tmp_path)])
    client = running.connect()
    running.ask(client=client)
    if family.startswith("unix"):
        assert seen == [("", "Unix", 1, name)]
    else:
        host, port = client.getsockname()[:2]
        peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        assert seen == [(peer, "TCP", 1, name)]


def test_a_request_may_be_kept_for_longer_than_its_answer(name: str, start) -> None:
    """Its bytes stood in a buffer that the engine has used again since then."""
    kept: list[Request] = []
    exchanges: list[Exchange] = []

    def keep(exchange: Exchange) -> Answer:
        if len(kept) < 3:
            kept.append(exchange.request)
        else:
            exchanges.append(exchange)
        return Answer(200, b"", b"")

    running = start(name, keep)
    client = running.connect()
    for number in range(6):
        running.ask(f"/{number}?{number}", client)
    other = running.connect()
    other.sendall(b"x" * 60000)
    with contextlib.suppress(ConnectionResetError):
        while other.recv(65536):
            pass
    client.close()
    gc.collect()
    for number, request in enumerate([*kept, *[exchange.request for exchange in exchanges]]):
        assert request.target == f"/{number}?{number}".encode()
        assert request.headers == [(b"Host", b"a")]
