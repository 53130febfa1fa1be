"""How long an accept queue may be: what was asked of listen(), and what the kernel made of it.

listen() clamps its backlog to net.core.somaxconn without a word (listen(2)). A listening TCP socket tells the
length it really has in TCP_INFO: tcpi_sacked is its limit, tcpi_unacked its present depth (tcp_get_info in
net/ipv4/tcp.c).
"""

# pathlib would cost every start 6 ms.
# ruff: noqa: PTH123
from __future__ import annotations

import socket
import sys

SOMAXCONN = "/proc/sys/net/core/somaxconn"

# struct tcp_info begins with eight single bytes and then 32-bit words, of which tcpi_sacked is the sixth.
TCPI_SACKED = slice(28, 32)


def somaxconn(path: str = SOMAXCONN) -> int | None:
    """The longest accept queue this network namespace allows; None where a masked /proc does not tell."""
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def clamped(asked: int, limit: int | None) -> int:
    """The length that the kernel grants when `asked` for one, with net.core.somaxconn = `limit`."""
    return asked if limit is None else min(asked, limit)


def accept_queue_limit(listener: socket.socket) -> int | None:
    """The limit of a listener's accept queue as the kernel holds it; None for a Unix socket."""
    try:
        info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCPI_SACKED.stop)
    except OSError:  # ENOTSUP or ENOPROTOOPT: not TCP
        return None
    return int.from_bytes(info[TCPI_SACKED], sys.byteorder)


def in_words(asked: int, effective: int | None, inherited: bool) -> str:
    """A listener's backlog for people. inherited: somebody else called listen(), so `asked` is nothing."""
    if effective is None:
        return "backlog as set by whoever opened it"
    if inherited:
        return f"backlog {effective}, as set by whoever opened it"
    if effective < asked:
        return f"backlog {asked}, clamped to {effective} by net.core.somaxconn"
    return f"backlog {effective}"
