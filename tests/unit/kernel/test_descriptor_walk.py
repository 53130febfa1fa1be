"""The walk over all descriptors: which are sockets, whose, and what the others are."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from gearshift.kernel.descriptor_walk import Walk

SLOTS = 1024


@pytest.mark.parametrize(
    ("host", "both", "to"),
    [
        ("127.0.0.1", False, "127.0.0.1"),
        ("0.0.0.0", False, "127.0.0.2"),
        ("::1", False, "::1"),
        ("::", False, "::1"),
        ("::", True, "127.0.0.1"),
    ],
)
def test_accepted_connections_are_told_by_their_address(host: str, both: bool, to: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family, dualstack_ipv6=both) as listener,
        socket.create_connection((to, listener.getsockname()[1])) as client,
    ):
        server, _ = listener.accept()
        with server:
            fds = {listener.fileno(), client.fileno(), server.fileno()}
            walk = Walk(SLOTS, [listener.fileno()], [listener.fileno()])
            assert walk.accepted == 1
            assert walk.own == 1
            assert fds & set(walk.others()) == {client.fileno()}
            nobody = Walk(SLOTS, [], [])
            assert nobody.accepted == 0
            assert fds <= set(nobody.others())


def test_the_same_port_elsewhere_is_another_listener() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.2", one.getsockname()[1])) as other,
        socket.create_connection(other.getsockname()),
    ):
        server, _ = other.accept()
        with server:
            assert Walk(SLOTS, [one.fileno()], [one.fileno()]).accepted == 0
            assert Walk(SLOTS, [other.fileno()], [other.fileno()]).accepted == 1


def test_unix_sockets(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(path)
        listener.listen()
        client.connect(path)
        server, _ = listener.accept()
        pair = socket.socketpair()
        with server, pair[0], pair[1]:
            walk = Walk(SLOTS, [listener.fileno()], [listener.fileno()])
            assert walk.accepted == 1
            assert {client.fileno(), pair[0].fileno(), pair[1].fileno()} <= set(walk.others())
            assert server.fileno() not in walk.others()


def test_all_else_has_its_link(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 200) / ("y" * 200)
    long.mkdir(parents=True)
    opened = [os.open(long, os.O_RDONLY), os.eventfd(0), *os.pipe()]
    opened += [os.open(long, os.O_RDONLY) for _ in range(300)]  # more than the first piece of memory holds
    try:
        walk = Walk(SLOTS, opened[:1], [])
        links = walk.links()
        assert links.count(b"+" + os.fsencode(long)) == 1
        assert links.count(b"-" + os.fsencode(long)) == 300
        assert b"-anon_inode:[eventfd]" in links
        assert walk.open == walk.sockets + len(links)
    finally:
        for fd in opened:
            os.close(fd)


def test_nothing_to_look_at_and_descriptors_that_are_none() -> None:
    walk = Walk(0, [-1, 5], [-1, 1_000_000])
    assert (walk.open, walk.own, walk.accepted, walk.sockets) == (0, 0, 0, 0)
    assert (walk.others(), walk.links()) == ([], [])


def test_threads_that_serve_go_on_meanwhile() -> None:
    """The walk over a million places takes some tens of milliseconds, in which this thread counts."""
    turns = 0
    done = threading.Event()

    def walk() -> None:
        Walk(2_000_000, [], [])
        done.set()

    thread = threading.Thread(target=walk)
    longest, last = 0.0, time.perf_counter()
    thread.start()
    while not done.is_set():
        turns += 1
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    thread.join()
    assert turns > 100
