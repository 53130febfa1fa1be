"""A socket's receive queue: the bytes that wait to be read, how many may, and what was dropped for want of room.

SO_MEMINFO (sk_get_meminfo in net/core/sock.c) tells of any socket what /proc/net/udp tells of all: of datagrams the
memory they take, with the kernel's bookkeeping, against SO_RCVBUF; and how many found no room (sk_drops).
"""

from __future__ import annotations

import struct
from socket import SOL_SOCKET
from typing import NamedTuple

from gearshift.kernel.lent import Lent

SO_MEMINFO = 55  # asm-generic/socket.h
# linux/sock_diag.h: SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_RCVBUF, six others, SK_MEMINFO_DROPS
MEMINFO = struct.Struct("=2I 24x I")


class ReceiveQueue(NamedTuple):
    """held: bytes of memory that what waits takes. limit: bytes above which datagrams are dropped. drops: since the
    socket was made. None: not to be known.
    """

    held: int | None
    limit: int | None
    drops: int | None


def receive_queue(fd: int) -> ReceiveQueue:
    """Nothing is known before kernel 4.12, which has no SO_MEMINFO, or of a descriptor that is closed."""
    try:
        answer = Lent(fd).getsockopt(SOL_SOCKET, SO_MEMINFO, MEMINFO.size)
    except OSError:
        return ReceiveQueue(None, None, None)
    if len(answer) != MEMINFO.size:
        return ReceiveQueue(None, None, None)
    return ReceiveQueue(*MEMINFO.unpack(answer))
