"""Half-open connections: those whose SYN was answered and whose last packet of the handshake has not come.

Each stands in the kernel's tables in the state SYN-RECV, with the address it came to and nothing that names its
listener (get_openreq4 in net/ipv4/tcp_ipv4.c). So they are counted for an address: listeners that share one
(SO_REUSEPORT) have one number together.
"""

from __future__ import annotations

import os
from collections import Counter

from gearshift.kernel.sock_diag import sockets
from gearshift.kernel.tcp_table import rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from gearshift.kernel.tcp_table import Place, Row

LOOKED_FOR = ("LISTEN", "SYN-RECV")


def half_open_and_listeners() -> Iterable[Row]:
    """Raises OSError where neither netlink nor /proc tells."""
    try:
        return list(sockets(LOOKED_FOR))
    except OSError:
        return rows(LOOKED_FOR)


def syn_queues(
    listeners: Iterable[int], read: Callable[[], Iterable[Row]] = half_open_and_listeners
) -> dict[int, int | None]:
    """For each descriptor of a listening socket, how many connections to its address are half-open.

    None for what is no TCP listener, for one of another network namespace, and where the kernel doesn't tell.
    """
    asked = list(listeners)
    places: dict[int, Place] = {}  # of every listener in this namespace, by its inode
    half_open: Counter[Place] = Counter()
    try:
        for row in read():
            if row.state == "LISTEN":
                places[row.inode] = row.local
            else:
                half_open[row.local] += 1
    except OSError:
        return dict.fromkeys(asked)
    known = set(places.values())
    counts: Counter[Place] = Counter()
    for place, number in half_open.items():
        counts[_listener_for(place, known)] += number
    found = {fd: places.get(_inode(fd)) for fd in asked}
    return {fd: None if place is None else counts[place] for fd, place in found.items()}


def _listener_for(place: Place, listeners: Container[Place]) -> Place:
    """The address that a connection to `place` was accepted for: the most exact one (__inet_lookup_listener).

    A listener on [::] that takes IPv4 too has its half-open connections in tcp6, to ::ffff:A.B.C.D.
    """
    host, port = place
    if place in listeners:
        return place
    return ("::" if ":" in host else "0.0.0.0", port)


def _inode(fd: int) -> int:
    try:
        return os.fstat(fd).st_ino
    except OSError:  # closed since it was asked for
        return 0
