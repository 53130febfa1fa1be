"""This process's own TCP sockets by their inodes, the forgotten ones too."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gearshift.kernel.own_sockets import own_sockets
from tests.support.sockets import connected, ss
from tests.support.waiting import eventually


def test_close_wait_sockets_are_found() -> None:
    with connected() as (listener, client, server):
        client.close()
        found = eventually(
            lambda: [own for own in own_sockets(("CLOSE-WAIT",)) if server.fileno() in own.fds],
            "the peer's end has come",
        )
        [own] = found
        assert own.row.local == listener.getsockname()
        assert own.row.inode == os.fstat(server.fileno()).st_ino
        [row] = ss("-tp", "state", "close-wait", f"sport = :{listener.getsockname()[1]}")
        assert f"pid={os.getpid()},fd={server.fileno()}" in row[-1]


def test_it_is_what_ss_says_of_this_process() -> None:
    with connected() as (listener, client, server):
        ports = {listener.getsockname()[1], client.getsockname()[1]}
        ours = {(fd, own.row.state) for own in own_sockets() if own.row.local[1] in ports for fd in own.fds}
        theirs = set()
        for row in ss("-tap"):
            for part in row[-1].split("),("):
                if f"pid={os.getpid()}," in part and int(row[3].rpartition(":")[2]) in ports:
                    theirs.add((int(part.rpartition("fd=")[2].rstrip("()")), row[0]))
        assert ours == theirs
        assert ours == {
            (listener.fileno(), "LISTEN"),
            (client.fileno(), "ESTAB"),
            (server.fileno(), "ESTAB"),
        }


def test_one_socket_under_two_descriptors() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, listener.dup() as second:
        [own] = [own for own in own_sockets(("LISTEN",)) if listener.fileno() in own.fds]
        assert sorted(own.fds) == sorted((listener.fileno(), second.fileno()))


def test_others_are_not_among_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        # The connection waits for accept(): the kernel has it, this process has not yet.
        states = [own.row.state for own in own_sockets() if own.row.local == listener.getsockname()]
        assert states == ["LISTEN"]


def test_a_masked_proc_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)), pytest.raises(OSError, match="No such file"):
        own_sockets(folder=str(tmp_path))
