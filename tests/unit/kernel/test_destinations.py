"""Where sockets lead."""

from __future__ import annotations

import os
import socket

import pytest

from gearshift.kernel.destinations import Destination, destination, destinations
from tests.support.sockets import connected
from tests.support.waiting import eventually


def test_tcp() -> None:
    with connected() as (listener, client, server):
        host, port = listener.getsockname()
        assert destination(client.fileno()) == Destination("TCP", f"{host}:{port}", "ESTAB")
        assert destination(listener.fileno()) == Destination("TCP", "", "LISTEN")
        server.shutdown(socket.SHUT_WR)
        eventually(lambda: destination(client.fileno()).state == "CLOSE-WAIT", "the server's end has come")
    with connected("::1") as (listener, client, _):
        assert destination(client.fileno()).to == f"[::1]:{listener.getsockname()[1]}"
    with socket.socket() as fresh:
        assert destination(fresh.fileno()) == Destination("TCP", "", "UNCONN")


def test_all_other_kinds() -> None:
    one, other = socket.socketpair()
    with one, other, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        assert destination(one.fileno()) == Destination("Unix", "", "")
        assert destination(udp.fileno()) == Destination("UDP", "", "")
        udp.connect(("127.0.0.1", 53))
        assert destination(udp.fileno()) == Destination("UDP", "127.0.0.1:53", "")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        assert destination(netlink.fileno()) == Destination("other", "", "")


def test_they_are_counted() -> None:
    with connected() as (listener, client, _):
        closed = os.dup(client.fileno())
        with client.dup() as second:
            os.close(closed)
            found = destinations([client.fileno(), second.fileno(), listener.fileno(), closed])
        assert sorted(found.values()) == [1, 2]
        with pytest.raises(OSError, match="descriptor"):
            destination(closed)
