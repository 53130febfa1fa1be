"""A listening socket: how many connections wait to be accepted, how many may, and what was dropped at its door.

TCP: TCP_INFO of a listener tells its accept queue instead of a connection's segments: tcpi_unacked is
sk_ack_backlog, tcpi_sacked is sk_max_ack_backlog (tcp_get_info in net/ipv4/tcp.c). The queue is full when it is
*longer* than its limit (sk_acceptq_is_full), so it holds one more than listen() was asked for. The drops are sk_drops,
which SO_MEMINFO shows (sk_get_meminfo in net/core/sock.c): one for every packet to this listener that was thrown away,
above all a SYN or the last packet of a handshake that found the accept queue full. A client sends each again and again,
so they are more than the clients. The same event counts once in the namespace's ListenDrops (tcp_listendrop).

Unix: the depth stands in /proc/net/unix; the limit only where sock_diag tells it; nothing is ever dropped, since
connect() waits, or fails with EAGAIN.
"""

from __future__ import annotations

import os
import struct
from errno import EINVAL
from socket import IPPROTO_TCP, SO_ACCEPTCONN, SOL_SOCKET, TCP_INFO
from typing import NamedTuple

from gearshift.kernel import unix_table
from gearshift.kernel.lent import Lent
from gearshift.kernel.tcp_info import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket

SO_MEMINFO = 55  # asm-generic/socket.h
SK_MEMINFO_DROPS = 8  # linux/sock_diag.h
MEMINFO = struct.Struct("=9I")
QUEUE = struct.Struct("=24x 2I")  # tcpi_unacked, tcpi_sacked


class Listening(NamedTuple):
    """accept_queue: connections that wait to be accepted. limit: the backlog in force; one more fits.
    drops: packets dropped at this listener since it was opened. None: not to be known.
    """

    accept_queue: int | None
    limit: int | None
    drops: int | None

    @property
    def full(self) -> bool:
        """The next connection will be dropped."""
        return self.accept_queue is not None and self.limit is not None and self.accept_queue > self.limit


def listening(fd: int) -> Listening:
    """Raises OSError where the descriptor is no open socket that listens."""
    if not Lent(fd).getsockopt(SOL_SOCKET, SO_ACCEPTCONN):
        raise OSError(EINVAL, "the socket does not listen")
    info = raw(fd)
    if info is None:
        return Listening(unix_table.accept_queue(os.fstat(fd).st_ino), None, None)
    accept_queue, limit = QUEUE.unpack_from(info)
    return Listening(accept_queue, limit, _drops(fd))


def accept_queue_depth(listener: socket) -> int:
    """Of a TCP listener, and nothing else: a single question, for who asks often. Raises OSError once it is closed."""
    return int(QUEUE.unpack(listener.getsockopt(IPPROTO_TCP, TCP_INFO, QUEUE.size))[0])


def _drops(fd: int) -> int | None:
    """None before kernel 4.12, which has no SO_MEMINFO."""
    sock = Lent(fd)
    try:
        answer = sock.getsockopt(SOL_SOCKET, SO_MEMINFO, MEMINFO.size)
    except OSError:
        return None
    return int(MEMINFO.unpack(answer)[SK_MEMINFO_DROPS]) if len(answer) == MEMINFO.size else None
