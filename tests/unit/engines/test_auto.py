"""The auto engine: who runs what, what is learnt, and what happens when the polling thread is held up."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from gearshift.apps.native import Answer
from gearshift.exchange import Exchange
from tests.support.answers import Answer as WholeAnswer
from tests.support.answers import read_answer
from tests.support.servers import run
from tests.support.waiting import eventually

PATIENCE = 10.0


def ran_by(_: Exchange) -> Answer:
    return Answer(200, b"", threading.current_thread().name.encode())


def name_in(answer: bytes) -> str:
    return answer.rpartition(b"\r\n\r\n")[2].decode()


def test_quick_requests_are_run_by_the_thread_that_polls(start) -> None:
    running = start("auto", ran_by)
    assert {name_in(running.ask()) for _ in range(50)} == {"auto-1"}
    assert len(running.engine.workers) == 1
    assert running.engine.relieved == 0


def test_a_leader_that_is_held_up_is_relieved(start) -> None:
    leave = threading.Event()

    def hold_once(exchange: Exchange) -> Answer:
        if exchange.request.path == b"/hold":
            assert leave.wait(PATIENCE)
        return ran_by(exchange)

    running = start("auto", hold_once)
    held = running.connect()
    held.sendall(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in range(20):
        assert name_in(running.ask("/quick")) == "auto-2"
    assert running.engine.relieved == 1
    leave.set()
    assert name_in(held.recv(65536)) == "auto-1"
    # The connection works on, whoever serves it now.
    assert name_in(running.ask("/quick", held)) in ("auto-1", "auto-2")


def test_a_kind_that_waits_is_learnt_and_handed_on(start) -> None:
    def wait(exchange: Exchange) -> Answer:
        if exchange.request.path.startswith(b"/slow"):
            time.sleep(0.01)
        return ran_by(exchange)

    running = start("auto", wait)
    for number in range(20):
        running.ask(f"/slow/{number}")
        running.ask("/quick")
    learnt = {
        kind: (runs, seconds, waiting, handed_on)
        for kind, runs, seconds, waiting, handed_on in running.engine.kinds.report()
    }
    runs, seconds, waiting, handed_on = learnt["GET /slow/*"]
    assert runs >= 19
    assert seconds >= 0.01
    assert waiting is not None
    assert waiting > 0.9
    assert handed_on
    assert not learnt["GET /quick"][3]
    assert running.engine.relieved <= 3


def test_a_kind_that_becomes_quick_runs_inline_again(start) -> None:
    slow = True

    def wait(_: Exchange) -> Answer:
        if slow:
            time.sleep(0.002)
        return Answer(200, b"", b"")

    running = start("auto", wait)
    for _ in range(10):
        running.ask("/report")
    assert running.engine.kinds.report()[0][4]
    slow = False
    for _ in range(200):
        running.ask("/report")
    assert not running.engine.kinds.report()[0][4]


def test_handlers_that_never_return_cost_a_thread_each(start) -> None:
    leave = threading.Event()

    def hold(exchange: Exchange) -> Answer:
        if exchange.request.path == b"/hold":
            assert leave.wait(PATIENCE)
        return Answer(200, b"", b"")

    running = start("auto", hold, threads=3)
    held = [running.connect() for _ in range(3)]
    for client in held:
        client.sendall(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
    eventually(lambda: len(running.engine.workers) == 4, "three threads are held")
    for _ in range(10):
        running.ask("/quick")
    leave.set()
    for client in held:
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_strangers_who_invent_paths_fill_nothing(start) -> None:
    running = start("auto", lambda _: Answer(200, b"", b""))
    client = running.connect()
    for number in range(3000):
        running.ask(f"/{'x' * (number % 40)}{chr(97 + number % 26)}{chr(97 + number // 26 % 26)}y", client)
    assert len(running.engine.kinds.report()) <= 1024


def test_what_was_woken_and_then_lent_is_left_to_its_thread(tmp_path: Path) -> None:
    """An answer in many pieces, in the middle of which a request of a kind known to wait arrives behind it."""
    clients: list[socket.socket] = []

    def app(environ, start_response):
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/slow":
            time.sleep(0.02)
            return [b"slowly"]
        return pieces()

    def pieces() -> Iterator[bytes]:
        for number in range(
            11
        ):  # a turn's share is sent twice in the first turn, the rest is left to the next
            if number == 7:
                clients[-1].sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            yield b"%x" % number

    with run(app, "auto", tmp_path) as site:
        for target in [b"/slow"] * 5 + [b"/pieces"] * 5:
            with socket.create_connection(site.address, PATIENCE) as client:
                clients.append(client)
                client.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
                expected = [b"slowly"] if target == b"/slow" else [b"0123456789a", b"slowly"]
                received = b""
                while [answer.body for answer in read_all_so_far(received)] != expected:
                    piece = client.recv(65536)
                    assert piece, received
                    received += piece
        assert site.log() == ""


def test_input_left_in_the_socket_during_a_long_answer_is_read(tmp_path: Path) -> None:
    """The poller stopped looking for input then; a thread that serves what had been read gives the connection back."""
    wait = b"GET /wait HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 6000 + b"\r\n\r\n"

    def app(environ, start_response):
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/wait":
            time.sleep(0.002)
            return [b"waited"]
        return pieces()

    def pieces() -> Iterator[bytes]:
        for number in range(60):
            if number in (3, 11):
                wire.socket.sendall(wait * 15)
            yield b"x"

    with run(app, "auto", tmp_path) as site, site.connect() as wire:
        for _ in range(3):
            assert wire.ask(wait).body == b"waited"
        assert wire.ask(b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n").body == b"x" * 60
        for _ in range(30):
            assert wire.answer().body == b"waited"


def test_an_answer_whose_end_never_returns_costs_a_thread(tmp_path: Path) -> None:
    """The client leaves in the middle, and what the application does then holds up the thread that polls."""
    ends, leave = threading.Event(), threading.Event()

    def app(environ, start_response):
        start_response("200 OK", [])
        return much() if environ["PATH_INFO"] == "/much" else [b"ok"]

    def much() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
        finally:
            ends.set()
            assert leave.wait(PATIENCE)

    with run(app, "auto", tmp_path) as site:
        wire = site.connect()
        wire.send(b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_until(b"\r\n\r\n")
        time.sleep(0.2)  # the socket is full by then
        wire.reset()
        assert ends.wait(PATIENCE)
        try:
            for _ in range(10):
                with site.connect(patience=4) as other:
                    assert other.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").body == b"ok"
        finally:
            leave.set()
        eventually(lambda: site.server.status()["open_connections"] == 0, "all are closed")
        assert site.server.status()["requests"]["running"] == 0


def read_all_so_far(data: bytes) -> list[WholeAnswer]:
    """The answers that are whole."""
    found: list[WholeAnswer] = []
    at = 0
    while (read := read_answer(data, start=at)) is not None:
        found.append(read[0])
        at = read[1]
    return found
