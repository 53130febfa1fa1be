"""/proc/net/tcp and tcp6: every TCP socket of this network namespace, with or without a process (proc(5)).

A row is what get_tcp4_sock, get_openreq4 and get_timewait4_sock of net/ipv4/tcp_ipv4.c print, and their like of tcp6.
The kernel walks its whole hash table for each reading, so one reading answers all that is asked at a time.
"""

from __future__ import annotations

import socket
import sys
from functools import lru_cache
from typing import NamedTuple

from gearshift.kernel.giving_way import giving_way
from gearshift.kernel.proc_file import whole
from gearshift.kernel.tcp_info import STATES, state_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator

FOLDER = "/proc/net"
TABLES = ("tcp", "tcp6")
PIECE = 131072  # bytes that are searched before other threads have a turn

Place = tuple[str, int]  # host and port


class Row(NamedTuple):
    """One socket. state: as in ss. unread, unsent: bytes; of a listener, unread is the accept queue's depth.
    retransmits: time-outs in a row that nothing has answered. inode: 0 where no process has it: not accepted yet,
    half-open, or closed by its process.
    """

    local: Place
    peer: Place
    state: str
    unread: int
    unsent: int
    retransmits: int
    inode: int


def rows(states: Container[str] | None = None, folder: str = FOLDER) -> Iterator[Row]:
    """The sockets in those states; in any by default. Raises OSError where /proc doesn't tell. A table that the kernel
    doesn't have (IPv6 may be off) is empty.
    """
    for table in TABLES:
        try:
            text = whole(f"{folder}/{table}")
        except FileNotFoundError:
            if table == TABLES[0]:
                raise
            continue
        for line in giving_way(text.splitlines()[1:]) if states is None else _marked(text, states):
            fields = line.split(None, 10)
            state = state_name(int(fields[3], 16))
            if states is None or state in states:
                yield _row(fields, state)


def _marked(text: bytes, states: Container[str]) -> Iterator[bytes]:
    """Lines in which such a state stands: found by searching, since to take apart a table of 20,000 lines takes 30 ms
    of the interpreter's time. The heading is none of them.
    """
    for number, state in enumerate(STATES):
        if state in states:
            mark = b" %02X " % number
            for begin in giving_way(range(0, len(text), PIECE), every=1):
                end = min(begin + PIECE + len(mark) - 1, len(text))
                at = text.find(mark, begin, end)
                while at >= 0:
                    yield text[text.rfind(b"\n", 0, at) + 1 : text.find(b"\n", at)]
                    at = text.find(mark, at + 1, end)


def _row(fields: list[bytes], state: str) -> Row:
    unsent, _, unread = fields[4].partition(b":")
    return Row(
        place(fields[1]),
        place(fields[2]),
        state,
        int(unread, 16),
        int(unsent, 16),
        int(fields[6], 16),
        int(fields[9]),
    )


def place(text: bytes) -> Place:
    """From HOST:PORT in hexadecimal digits."""
    host, _, port = text.partition(b":")
    return _host(host), int(port, 16)


@lru_cache(1024)
def _host(digits: bytes) -> str:
    """The address stands there as 32-bit words in this machine's byte order, each in the network's."""
    words = (int(digits[start : start + 8], 16) for start in range(0, len(digits), 8))
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
