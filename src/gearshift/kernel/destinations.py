"""Where a socket leads, for people who look for who has opened it: protocol, the other end, and its state."""

from __future__ import annotations

import socket
from collections import Counter
from typing import NamedTuple

from gearshift.kernel.giving_way import giving_way
from gearshift.kernel.lent import Lent
from gearshift.kernel.sockets import SO_DOMAIN, address_text
from gearshift.kernel.tcp_info import raw, state_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

INTERNET = (socket.AF_INET, socket.AF_INET6)


class Destination(NamedTuple):
    """protocol: "TCP", "UDP", "Unix" or "other". to: the other end; "" where there is none, or it has no name. state:
    as in ss; "" where it isn't TCP.
    """

    protocol: str
    to: str
    state: str


def destination(fd: int) -> Destination:
    """Raises OSError where the descriptor is no open socket."""
    family = Lent(fd).getsockopt(socket.SOL_SOCKET, SO_DOMAIN)
    kind = Lent(fd).getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    if family not in (*INTERNET, socket.AF_UNIX):
        return Destination("other", "", "")
    try:
        to = address_text(Lent(fd, family).getpeername())
    except OSError:  # ENOTCONN: not connected, or its peer has reset it
        to = ""
    if family == socket.AF_UNIX:
        return Destination("Unix", to, "")
    info = raw(fd) if kind == socket.SOCK_STREAM else None
    if info is None:
        return Destination("UDP" if kind == socket.SOCK_DGRAM else "other", to, "")
    return Destination("TCP", to, state_name(info[0]))


def destinations(fds: Iterable[int]) -> Counter[Destination]:
    """How many lead where; one that has been closed meanwhile leads nowhere."""
    found: Counter[Destination] = Counter()
    for fd in giving_way(fds):
        try:
            found[destination(fd)] += 1
        except OSError:
            continue
    return found
