"""One connected socket by its descriptor: as ss sees it, and what waits in its buffers."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import pytest

from gearshift.kernel.socket_row import socket_row
from tests.support.sockets import connected, ss
from tests.support.waiting import eventually

UNREAD, UNSENT = 5, 6


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_is_what_ss_says(host: str) -> None:
    with connected(host) as (_, client, server):
        client.sendall(b"x" * 700)
        eventually(lambda: socket_row(server.fileno())[UNREAD] == 700, "it has come")
        inode, local, state, rtt, retransmits, unread, unsent = socket_row(server.fileno())
        pair = f"sport = :{server.getsockname()[1]} and dport = :{client.getsockname()[1]}"
        row = [field for line in ss("-taei", pair) for field in line]
        assert (state, str(unread), str(unsent), local) == tuple(row[:4])
        assert f"ino:{inode}" in row
        assert inode == os.fstat(server.fileno()).st_ino
        assert retransmits == 0
        assert rtt is not None
        assert any(field.startswith(f"rtt:{rtt:.3f}".rstrip("0").rstrip(".")) for field in row)


def test_a_peer_that_has_finished() -> None:
    with connected() as (_, client, server):
        client.shutdown(socket.SHUT_WR)
        eventually(lambda: socket_row(server.fileno())[2] == "CLOSE-WAIT", "its end has come")


def test_what_the_peer_does_not_take_is_unsent() -> None:
    with connected() as (_, client, server):
        server.setblocking(False)
        written = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                written += server.send(b"x" * 65536)
        eventually(
            lambda: (
                (socket_row(server.fileno())[UNSENT] or 0) + (socket_row(client.fileno())[UNREAD] or 0)
                == written
            ),
            "what the peer has got is acknowledged",
        )
        assert socket_row(server.fileno())[UNSENT]


def test_a_unix_connection(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        client.connect(str(tmp_path / "s"))
        server, _ = listener.accept()
        with server:
            client.sendall(b"hello")
            inode = os.fstat(server.fileno()).st_ino
            assert socket_row(server.fileno()) == (inode, None, None, None, None, 5, 0)


def test_a_closed_descriptor_and_one_that_is_no_socket(tmp_path: Path) -> None:
    with socket.socket() as gone:
        fd = gone.fileno()
    assert socket_row(fd) == socket_row(-1) == (None,) * 7
    with (tmp_path / "file").open("w") as file:
        inode, *rest = socket_row(file.fileno())
    assert inode is not None
    assert rest[:4] == [None] * 4
