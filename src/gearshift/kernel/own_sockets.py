"""The TCP sockets of this process with their states, found by their inodes: /proc/self/fd beside /proc/net/tcp.

So nobody is asked who uses a socket, and one that everybody has forgotten is found too: a connection whose peer has
long gone (CLOSE-WAIT), or one that an application has opened and lost.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from gearshift.kernel.descriptors import open_sockets
from gearshift.kernel.tcp_info import raw, state_name
from gearshift.kernel.tcp_table import FOLDER, Row, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container


class OwnSocket(NamedTuple):
    """fds: the descriptors it is known by here, several after dup(). row: as the kernel lists it."""

    fds: tuple[int, ...]
    row: Row


def own_sockets(states: Container[str] | None = None, folder: str = FOLDER) -> list[OwnSocket]:
    """Those in the states named as in ss; in any by default. Raises OSError where /proc doesn't tell.

    Not among them: a TCP socket that is neither connected nor listens, which is in no table, and one of another network
    namespace.
    """
    fds: dict[int, list[int]] = {}
    for fd in open_sockets():
        try:
            if states is None or _state(fd) in states:
                fds.setdefault(os.fstat(fd).st_ino, []).append(fd)
        except OSError:  # closed meanwhile
            continue
    if not fds:
        return []
    return [OwnSocket(tuple(fds[row.inode]), row) for row in rows(states, folder) if row.inode in fds]


def _state(fd: int) -> str:
    """ "" for what is no TCP socket. Asking for it holds on to the interpreter, asking for the inode doesn't."""
    info = raw(fd)
    return "" if info is None else state_name(info[0])
