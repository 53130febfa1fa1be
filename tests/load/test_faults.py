"""Servers that break what a client may expect: each costs errors of its kind, and the load goes on."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from gearshift.load.report import in_words
from gearshift.load.target import TargetError
from tests.load.scripted import OK, Script, heads, load, scripted


def reset(connection: socket.socket) -> None:
    for _ in heads(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return


def never_answers(connection: socket.socket) -> None:
    for _ in heads(connection):
        pass


def garbage(connection: socket.socket) -> None:
    for _ in heads(connection):
        connection.sendall(b"220 mail.example.com ESMTP\r\n")


def closes_short(connection: socket.socket) -> None:
    for _ in heads(connection):
        connection.sendall(OK[:-1])
        return


def closes_unanswered(connection: socket.socket) -> None:
    for _ in heads(connection):
        return


def closes_within_a_chunk(connection: socket.socket) -> None:
    for _ in heads(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
        return


def answers_twice(connection: socket.socket) -> None:
    for _ in heads(connection):
        connection.sendall(OK + b"HTTP/1.1 200")


KINDS: list[tuple[Script, str]] = [
    (reset, "reset"),
    (never_answers, "timeout"),
    (garbage, "malformed"),
    (closes_short, "closed_short"),
    (closes_unanswered, "closed_short"),
    (closes_within_a_chunk, "closed_short"),
]


@pytest.mark.parametrize(("script", "kind"), KINDS, ids=[script.__name__ for script, _ in KINDS])
@pytest.mark.parametrize("flags", [{}, {"rate": 50}, {"close": True}, {"pipeline": 3}], ids=str)
def test_a_fault_is_an_error_of_its_kind(script: Script, kind: str, flags: dict[str, object]) -> None:
    with scripted(script) as url:
        result = load(url, connections=2, seconds=0.3, timeout=0.1 if kind == "timeout" else 5, **flags)
    assert set(result.errors) == {kind}
    assert result.errors[kind] > 1
    assert result.requests == result.latency.count == 0
    assert result.statuses == {}
    assert result.unanswered == 0
    assert 0.3 <= result.seconds < 0.6


def test_bytes_that_nobody_asked_for_are_malformed() -> None:
    with scripted(answers_twice) as url:
        result = load(url, connections=1, seconds=0.2, rate=20)
    assert set(result.errors) == {"malformed"}
    assert result.statuses[200] > 1


def test_some_that_fail_do_not_keep_the_others_from_being_answered() -> None:
    turn = iter(range(1_000_000))

    def every_other(connection: socket.socket) -> None:
        for _ in heads(connection):
            if next(turn) % 2:
                return
            connection.sendall(OK)

    with scripted(every_other) as url:
        result = load(url, connections=4, seconds=0.4)
    assert set(result.errors) == {"closed_short"}
    assert result.statuses == {200: result.requests + result.answered_late}
    assert result.requests > 10


def test_nothing_that_accepts_ends_it_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for flags in ({}, {"close": True}, {"close": True, "rate": 100}):
        began = time.monotonic()
        with pytest.raises(
            TargetError, match=r"found nothing that accepts connections \(Connection refused\)"
        ):
            load(f"http://127.0.0.1:{port}/", connections=3, seconds=30, **flags)
        assert time.monotonic() - began < 10


def test_a_server_that_goes_away_is_refused_connections() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

    def serve_once() -> None:
        connection, _ = listener.accept()
        with connection:
            next(heads(connection))
            listener.close()
            connection.sendall(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))

    server = threading.Thread(target=serve_once)
    server.start()
    result = load(url, connections=1, seconds=0.5)
    server.join()
    assert result.statuses == {200: 1}
    assert set(result.errors) == {"connect_refused"}
    assert result.errors["connect_refused"] > 1


def test_an_accept_queue_that_is_full_lets_nobody_in() -> None:
    """The kernel drops the SYN of who does not fit; the client sees nothing but time that passes."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        stack.enter_context(socket.create_connection(listener.getsockname()))  # backlog + 1 fit
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(TargetError, match=r"\(Connection timed out\)"):
            load(url, connections=2, seconds=30, timeout=0.3)


def test_a_unix_socket_whose_queue_is_full_is_tried_until_time_is_up(tmp_path: Path) -> None:
    """connect() says EAGAIN there, and nothing tells when there is room (unix(7))."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen(0)  # backlog + 1 fit
        result = load(f"unix:{tmp_path / 'socket'}", connections=4, seconds=0.5, timeout=0.2)
    assert result.opened >= 1
    assert set(result.errors) == {"timeout", "connect_timeout"}


def test_another_reason_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(5)

        def serve_once() -> None:
            connection, _ = listener.accept()
            with connection:
                next(heads(connection))
                path.unlink()
                connection.sendall(OK)

        server = threading.Thread(target=serve_once)
        server.start()
        result = load(f"unix:{path}", connections=1, seconds=0.4, close=True)
        server.join()
    assert result.statuses == {200: 1}
    assert set(result.errors) == {"connect_failed"}
    assert (
        f"{result.errors['connect_failed']} no connection for another reason (No such file or directory)"
        in in_words(result)
    )
    with pytest.raises(TargetError, match=r"accepts connections \(No such file or directory\)"):
        load(f"unix:{path}", connections=1, seconds=0.4)


def test_statuses_are_counted_apart_from_errors() -> None:
    turn = iter(range(1_000_000))
    statuses = (b"200 OK", b"404 Not Found", b"503 Service Unavailable")

    def rotate(connection: socket.socket) -> None:
        for _ in heads(connection):
            connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % statuses[next(turn) % 3])

    with scripted(rotate) as url:
        result = load(url, connections=1, seconds=0.3)
    assert result.errors == {}
    assert set(result.statuses) == {200, 404, 503}
    assert max(result.statuses.values()) - min(result.statuses.values()) <= 1
    assert sum(result.statuses.values()) == result.requests + result.answered_late


def test_what_an_announced_close_left_unanswered_is_asked_again() -> None:
    """The answers that follow a Connection: close never come: that is no error (RFC 9112 section 9.6)."""
    asked, answered = [], []

    def two_each(connection: socket.socket) -> None:
        for number, head in enumerate(heads(connection)):
            asked.append(head.split()[1])
            if number < 2:
                last = b"Connection: close\r\n" * number
                answered.append(asked[-1])
                connection.sendall(b"HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n" % last)
            if number == 3:
                return

    with scripted(two_each) as url:
        result = load(url, connections=1, seconds=0.3, pipeline=4)
    assert result.errors == {}
    assert result.requests > 4
    assert result.opened >= result.requests // 2


def test_an_answer_delimited_by_the_end_is_whole() -> None:
    def until_close(connection: socket.socket) -> None:
        for _ in heads(connection):
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 100_000)
            return

    with scripted(until_close) as url:
        result = load(url, connections=2, seconds=0.3)
    assert result.errors == {}
    assert result.requests > 2
    assert result.opened >= result.requests
    assert result.bytes_received >= result.requests * 100_000


def test_an_answer_before_the_body_has_left_ends_the_connection() -> None:
    """The server has refused it: whether it reads on, nobody can know."""

    def refuse(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        select.select([], [], [connection], 0.2)  # it reads nothing more: the rest can't leave

    with scripted(refuse) as url:
        result = load(url, connections=1, seconds=0.3, method="POST", body="x" * 20_000_000)
    assert set(result.statuses) == {413}
    assert result.errors == {}
    assert result.opened >= result.requests
