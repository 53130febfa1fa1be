"""/proc/net/unix: the Unix sockets of this network namespace (proc(5); unix_seq_show in net/unix/af_unix.c).

A connection that nobody has accepted yet stands there with its listener's name, inode 0 and the state SS_CONNECTING:
so the depth of a Unix accept queue can be counted, though no option of the listening socket tells it.
"""

from __future__ import annotations

import re

from gearshift.kernel.proc_file import whole

TABLE = "/proc/net/unix"

ACCEPTS_CONNECTIONS = 0x10000  # __SO_ACCEPTCON, in the flags
SS_CONNECTING = 2  # linux/net.h

# Where it lies, references, protocol, flags, type, state, inode, name.
ROW = re.compile(rb"\S+: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) [0-9A-F]{4} ([0-9A-F]{2}) +(\d+) (.+)")


def accept_queue(inode: int, table: str = TABLE) -> int | None:
    """How many connections wait for accept() on the listening socket with that inode.

    None where it can't be told: it isn't in the table (another namespace, or /proc doesn't tell), or shares its path
    with another listener, which happens when a socket's file is replaced while it is still in use.
    """
    name = b""
    listening: list[bytes] = []
    waiting: list[bytes] = []
    try:
        text = whole(table)
    except OSError:
        return None
    for line in text.splitlines():
        row = ROW.match(line)
        if row is None:
            continue  # the heading, a socket without a name, or what follows a line break in a name
        flags, state, number, path = row.groups()
        if int(flags, 16) & ACCEPTS_CONNECTIONS:
            listening.append(path)
            if int(number) == inode:
                name = path
        elif int(number) == 0 and int(state, 16) == SS_CONNECTING:
            waiting.append(path)
    if not name or listening.count(name) != 1:
        return None
    return waiting.count(name)
