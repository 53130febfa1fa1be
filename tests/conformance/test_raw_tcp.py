"""Raw TCP handlers, the same on every engine."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gearshift
from gearshift.listeners.listener import MOST_UNSENT
from tests.support.raw_handlers import (
    PIECE,
    AsyncLines,
    Failing,
    FailingAsync,
    Fountain,
    Greeting,
    Held,
    Lines,
    Unmakeable,
)
from tests.support.servers import ENGINES, Running, Servers, run
from tests.support.waiting import eventually

ServeTcp = Callable[..., Running]
PATIENCE = 10.0
MANY = 64 * 1024 * 1024  # bytes: far more than any socket buffer or bound of the server's


@pytest.fixture
def serve_tcp(servers: Servers, engine: str) -> ServeTcp:
    """Ask for a raw TCP handler on the engine."""

    def serve(handler: Any, **settings: Any) -> Running:
        return servers.get(None, engine, tcp=handler, **settings)

    return serve


@pytest.fixture(params=(Lines, AsyncLines), ids=("sync", "async"))
def lines(request: pytest.FixtureRequest, serve_tcp: ServeTcp) -> Running:
    """The handler of lines, in both kinds."""
    return serve_tcp(request.param)


def client(running: Running) -> socket.socket:
    connected = socket.create_connection(running.address, PATIENCE)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def receive(sock: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer where the peer ends before."""
    received = bytearray()
    while len(received) < size and (piece := sock.recv(min(size - len(received), 1 << 20))):
        received += piece
    return bytes(received)


def rest(sock: socket.socket) -> bytes:
    return receive(sock, 1 << 40)


def is_reset(sock: socket.socket) -> bool:
    try:
        rest(sock)
    except ConnectionResetError:
        return True
    return False


ANY_BYTE = bytes(range(10)) + bytes(range(11, 256)) + b"\n"
CASES = {
    "one": (b"gear\n", b"GEAR\n"),
    "several": (b"one\ntwo\n\nthree\n", b"ONE\nTWO\n\nTHREE\n"),
    "any byte": (ANY_BYTE, ANY_BYTE.upper()),
}


@pytest.mark.parametrize("case", CASES)
def test_whole(lines: Running, case: str) -> None:
    said, expected = CASES[case]
    with client(lines) as sock:
        sock.sendall(said)
        assert receive(sock, len(expected)) == expected


@pytest.mark.parametrize("case", CASES)
def test_byte_by_byte(lines: Running, case: str) -> None:
    said, expected = CASES[case]
    with client(lines) as sock:
        for byte in said:
            sock.sendall(bytes([byte]))
        assert receive(sock, len(expected)) == expected


@pytest.mark.parametrize("case", CASES)
def test_with_trailing_data(lines: Running, case: str) -> None:
    said, expected = CASES[case]
    with client(lines) as sock:
        sock.sendall(said + b"beg")
        assert receive(sock, len(expected)) == expected
        sock.sendall(b"un\n")
        assert receive(sock, 6) == b"BEGUN\n"


def test_half_close_is_told_and_still_answered(lines: Running) -> None:
    with client(lines) as sock:
        sock.sendall(b"one\ntwo")
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b"ONE\nleft: two"


def test_closed_is_told_once_however_it_ends(lines: Running) -> None:
    for ending in ("close", "reset", "half-close"):
        with client(lines) as sock:
            sock.sendall(b"here\n")
            assert receive(sock, 5) == b"HERE\n"
            name = "{}:{}".format(*sock.getsockname())
            if ending == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif ending == "half-close":
                sock.shutdown(socket.SHUT_WR)
                rest(sock)
        eventually(lambda name=name: ("closed", name) in Lines.told, f"closed() after {ending}")
        assert Lines.told.count(("closed", name)) == 1


def test_it_may_speak_first_and_end_the_connection(serve_tcp: ServeTcp) -> None:
    with client(serve_tcp(Greeting)) as sock:
        assert receive(sock, 8) == b"welcome\n"
        sock.sendall(b"anything")
        assert rest(sock) == b"goodbye\n"


def test_large_transfers_both_ways(serve_tcp: ServeTcp) -> None:
    said = bytes(range(256)) * 32768  # 8 MiB
    with client(serve_tcp("echo")) as sock:
        sender = threading.Thread(target=sock.sendall, args=(said,))
        sender.start()
        assert receive(sock, len(said)) == said
        sender.join(PATIENCE)


def test_an_iterable_is_pulled_only_as_fast_as_the_client_reads(serve_tcp: ServeTcp) -> None:
    pieces = MANY // len(PIECE)
    with client(serve_tcp(Fountain)) as sock:
        sock.sendall(b"%d" % pieces)
        assert receive(sock, 1) == b"p"
        seen = [-1]

        def rests() -> bool:
            seen.append(Fountain.given)
            return seen[-1] == seen[-2]

        eventually(rests, "the iterable is left alone")
        assert Fountain.given * len(PIECE) < MANY / 2
        assert len(receive(sock, MANY - 1)) == MANY - 1
        assert Fountain.given == pieces


def test_what_is_not_read_is_not_asked_for(serve_tcp: ServeTcp) -> None:
    """An echo whose client only sends: the server stops reading, and goes on when the client reads."""
    running = serve_tcp("echo")
    with client(running) as sock:
        sock.settimeout(1.0)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < MANY:
                sent += sock.send(PIECE)
        assert sent < MANY
        row = next(row for row in running.server.status()["connections"] if row["remote"])
        # Kept by the server itself, or given to the kernel in a send that is not over (uring counts whole ones).
        assert row["bytes_in"] - row["bytes_out"] < (1 << 20) + MOST_UNSENT
        sock.settimeout(PATIENCE)
        assert receive(sock, sent) == (PIECE * (sent // len(PIECE) + 1))[:sent]


@pytest.mark.parametrize("handler", [Failing, FailingAsync], ids=("sync", "async"))
@pytest.mark.parametrize(
    ("said", "logged"),
    [
        (b"raise", "ValueError: the handler's own"),
        (b"exit", "SystemExit: 3"),
        (b"text", "TypeError: a raw handler sends bytes, not str"),
        (b"number", "TypeError: 'int' object is not iterable"),
        (b"midway", "ValueError: after the first piece"),
    ],
)
def test_an_error_resets_its_connection_and_no_other(
    serve_tcp: ServeTcp, handler: Any, said: bytes, logged: str
) -> None:
    running = serve_tcp(handler)
    with client(running) as other, client(running) as sock:
        other.sendall(b"before")
        assert receive(other, 6) == b"before"
        sock.sendall(said)
        assert is_reset(sock)
        running.logged(logged)
        running.logged(f"error in received {handler.__qualname__}; connection")
        other.sendall(b"after")
        assert receive(other, 5) == b"after"


def test_an_error_at_the_end_is_a_reset_too(serve_tcp: ServeTcp) -> None:
    running = serve_tcp(Failing)
    with client(running) as sock:
        sock.shutdown(socket.SHUT_WR)
        assert is_reset(sock)
    running.logged("ValueError: at the end")


def test_a_handler_that_cannot_be_made(serve_tcp: ServeTcp) -> None:
    running = serve_tcp(Unmakeable)
    with client(running) as sock:
        sock.sendall(b"hello")
        assert is_reset(sock)
    running.logged("ValueError: no handler today")


def held(running: Running) -> tuple[socket.socket, Any]:
    """A client, and the connection that its handler has."""
    Held.changed.clear()
    sock = client(running)
    assert Held.changed.wait(PATIENCE)
    return sock, Held.connections[-1]


def test_sending_from_another_thread(serve_tcp: ServeTcp) -> None:
    sock, connection = held(serve_tcp(Held))
    with sock:
        assert connection.peer == "{}:{}".format(*sock.getsockname())
        assert connection["remote"] == connection.peer
        for number in range(200):
            assert connection.send(b"%03d" % number)
        assert receive(sock, 600) == b"".join(b"%03d" % number for number in range(200))
        sock.sendall(b"echo")
        assert receive(sock, 4) == b"echo"
        connection.close()
        assert rest(sock) == b""
    eventually(lambda: connection.closed, "the connection's end")
    assert connection.send(b"too late") is False


def test_who_reads_nothing_of_what_others_send_is_cut(serve_tcp: ServeTcp) -> None:
    running = serve_tcp(Held, tcp_unsent=1_000_000)
    sock, connection = held(running)
    with sock:
        sent = 0
        while connection.send(PIECE):
            sent += len(PIECE)
            assert sent < MANY
        running.logged("is reset: it has left")
        eventually(lambda: connection.closed, "the connection's end")
        assert is_reset(sock)


def test_idle_connections_are_closed(serve_tcp: ServeTcp) -> None:
    with client(serve_tcp(Lines, timeout_keep_alive=0.3)) as sock:
        sock.sendall(b"beg")
        assert rest(sock) == b""


def test_a_client_that_takes_nothing_is_reset(serve_tcp: ServeTcp) -> None:
    running = serve_tcp(Fountain, timeout_write=0.5)
    with client(running) as sock:
        sock.sendall(b"%d" % (MANY // len(PIECE)))
        eventually(lambda: not running.server.status()["connections"], "the connection's end")
        assert is_reset(sock)


def test_the_longest_idle_makes_room(serve_tcp: ServeTcp) -> None:
    running = serve_tcp(Lines, max_connections=2)
    with client(running) as first, client(running) as second, client(running) as third:
        for sock in (second, third):
            sock.sendall(b"x\n")
            assert receive(sock, 2) == b"X\n"
        assert rest(first) == b""


@pytest.mark.parametrize("handler", [Lines, AsyncLines], ids=("sync", "async"))
def test_shifts_in_the_middle(tmp_path: Path, engine: str, handler: Any) -> None:
    """Half of a line goes along with its connection, to every engine and back."""
    with run(None, engine, tmp_path, tcp=handler) as running, client(running) as sock:
        sock.sendall(b"beg")
        for name in (*ENGINES, engine):
            sock.sendall(b"un\nbeg")
            assert receive(sock, 6) == b"BEGUN\n"
            running.server.shift(name)
        assert running.server.status()["counts"]["handed_over"] >= 1


def test_shifts_under_load_lose_nothing(tmp_path: Path, engine: str) -> None:
    wrong: list[str] = []

    def talk(running: Running, number: int, over: threading.Event) -> None:
        with client(running) as sock:
            turn = 0
            while not over.is_set():
                turn += 1
                said = b"client %d turn %d\n" % (number, turn)
                sock.sendall(said)
                if receive(sock, len(said)) != said.upper():
                    wrong.append(f"client {number} turn {turn}")
                    return

    with run(None, engine, tmp_path, tcp=Lines) as running:
        over = threading.Event()
        talkers = [threading.Thread(target=talk, args=(running, number, over)) for number in range(6)]
        for talker in talkers:
            talker.start()
        for name in (*ENGINES, engine):
            running.server.shift(name)
        over.set()
        for talker in talkers:
            talker.join(PATIENCE)
            assert not talker.is_alive()
    assert wrong == []


def test_what_has_come_is_answered_before_the_end(tmp_path: Path, engine: str) -> None:
    with run(None, engine, tmp_path, tcp=Lines) as running, client(running) as sock:
        sock.sendall(b"one\n")
        assert receive(sock, 4) == b"ONE\n"
        name = "{}:{}".format(*sock.getsockname())
        sock.sendall(b"two\n")
        running.server.stop()
        assert rest(sock) == b"TWO\n"
        assert ("closed", name) in Lines.told


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"over HTTP"]


async def hello_asgi(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"over HTTP"})


@pytest.mark.parametrize("app", [hello, hello_asgi], ids=("wsgi", "asgi"))
@pytest.mark.parametrize("handler", [Lines, AsyncLines], ids=("sync", "async"))
def test_beside_an_application(tmp_path: Path, engine: str, app: Any, handler: Any) -> None:
    path = tmp_path / "raw.sock"
    with run(app, engine, tmp_path, tcp=handler, tcp_bind=f"unix:{path}") as running:
        with running.connect() as wire:
            wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert wire.answer().body == b"over HTTP"
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(str(path))
            sock.sendall(b"over raw\n")
            assert receive(sock, 9) == b"OVER RAW\n"
    assert not path.exists()


def test_the_chat(tmp_path: Path, engine: str) -> None:
    with run(None, engine, tmp_path, tcp="chat") as running:
        anna = gearshift.connect("{}:{}".format(*running.address), PATIENCE)
        assert anna.receive_until(b"\n") == b"* 0 others here\n"
        berta = gearshift.connect("{}:{}".format(*running.address), PATIENCE)
        assert berta.receive_until(b"\n") == b"* 1 other here\n"
        name = berta.local.encode()
        assert anna.receive_until(b"\n") == b"* " + name + b" has come\n"
        berta.send(b"hello\nbye")
        assert anna.receive_until(b"\n") == name + b": hello\n"
        berta.finish()
        assert anna.receive_until(b"\n") == name + b": bye\n"
        assert anna.receive_until(b"\n") == b"* " + name + b" has gone\n"
        anna.close()
        berta.close()


def test_discard(serve_tcp: ServeTcp) -> None:
    running = serve_tcp("discard")
    with client(running) as sock:
        sock.sendall(PIECE * 16)
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""


def test_it_is_seen(serve_tcp: ServeTcp) -> None:
    running = serve_tcp(Lines)
    with client(running) as sock:
        sock.sendall(b"seen\n")
        assert receive(sock, 5) == b"SEEN\n"
        seen = running.server.status()
        [row] = [row for row in seen["connections"] if row["remote"] == "{}:{}".format(*sock.getsockname())]
        assert (row["protocol"], row["bytes_in"], row["bytes_out"]) == ("tcp", 5, 5)
        assert row["speaks"].endswith("Lines")
        assert seen["listeners"][0]["address"] == "tcp://{}:{}".format(*running.address)
        assert "received Lines" in {kind["kind"] for kind in seen["times"]["kinds"]}
