"""What waits in a UDP socket and what was dropped, beside /proc/net/udp, which says the same."""

from __future__ import annotations

import socket
from pathlib import Path

from gearshift.kernel.receive_queue import receive_queue


def told_by_proc(sock: socket.socket) -> tuple[int, int]:
    """Bytes in the receive queue, and drops."""
    inode = str(Path(f"/proc/self/fd/{sock.fileno()}").readlink()).removeprefix("socket:[").rstrip("]")
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[9] == inode:
            return int(fields[4].partition(":")[2], 16), int(fields[12])
    raise AssertionError("the socket is not in /proc/net/udp")


def test_what_waits_and_what_found_no_room() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        bound.bind(("127.0.0.1", 0))
        empty = receive_queue(bound.fileno())
        assert (empty.held, empty.drops) == (0, 0)
        assert empty.limit == bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        for _ in range(2000):
            sender.sendto(b"x" * 1000, bound.getsockname())
        full = receive_queue(bound.fileno())
        assert full.held is not None
        assert full.held > empty.limit / 2
        assert (full.held, full.drops) == told_by_proc(bound)
        assert full.drops


def test_a_closed_socket_tells_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        descriptor = sock.fileno()
    assert receive_queue(descriptor) == (None, None, None)
