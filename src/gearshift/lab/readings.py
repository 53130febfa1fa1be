"""What the experiments ask the kernel, and how they wait for it to become so."""

from __future__ import annotations

import os
import time

from gearshift.kernel.sock_diag import sockets
from gearshift.kernel.sockets import address_text
from gearshift.kernel.tcp_info import STATES, tcp_info
from gearshift.kernel.tcp_table import Row, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from socket import socket
    from typing import TypeVar

    from gearshift.kernel.tcp_table import Place

    T = TypeVar("T")

PATIENCE = 10.0  # seconds; far more than anything on loopback takes
LOOPBACK = "127.0.0.1"


def _own_loopback() -> str:
    """An address of 127.0.0.0/8, all of which is this machine (RFC 1122, 3.2.1.3), made of the process's number."""
    pid = os.getpid()
    return f"127.{1 + (pid >> 16)}.{pid >> 8 & 255}.{pid & 255}"


# Where sockets are counted by their address: on 127.0.0.1 another program's may have the same port for a moment.
OWN_LOOPBACK = _own_loopback()


class NeverTrueError(Exception):
    """Something that had to become true did not."""


def until(probe: Callable[[], T], what: str, within: float = PATIENCE) -> T:
    """The first true result. Raises NeverTrueError naming `what` after so many seconds."""
    deadline = time.monotonic() + within
    while not (result := probe()):
        if time.monotonic() > deadline:
            raise NeverTrueError(f"not within {within:g} s: {what}; last: {result!r}")
        time.sleep(0.001)
    return result


def becomes(probe: Callable[[], bool], within: float) -> bool:
    """Whether it becomes true in that time."""
    try:
        return until(probe, "", within)
    except NeverTrueError:
        return False


def state(sock: socket) -> str:
    """The socket's TCP state as ss writes it."""
    info = tcp_info(sock.fileno())
    assert info is not None
    return info.state


def reaches(sock: socket, wanted: str) -> str:
    """Its state once it is the one wanted. Raises NeverTrueError."""
    until(lambda: state(sock) == wanted, f"{wanted}, now {state(sock)}")
    return wanted


def link(fd: int) -> str:
    """What a descriptor stands for: `socket:[INODE]`."""
    return os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 - as in kernel/


def table(states: Container[str] = STATES) -> Iterable[Row]:
    """The kernel's TCP sockets in those states: asked over netlink, since a machine that has just been loaded has many
    thousands in TIME-WAIT, and from /proc where that is refused. Raises OSError.
    """
    try:
        # A walk that is continued after the table has changed may come by a socket twice (inet_diag.c).
        return dict.fromkeys(sockets(states))
    except OSError:
        return rows(states)


def find(local: Place, peer: Place, states: Container[str] = STATES) -> Row | None:
    """The kernel's row of one connection's end, if it is in one of those states."""
    return next((row for row in table(states) if row.local == local and row.peer == peer), None)


def at(local: Place, states: Container[str] = STATES) -> list[Row]:
    """The sockets with that local address, in those states."""
    return [row for row in table(states) if row.local == local]


def tuple_of(sock: socket) -> str:
    """`TCP 127.0.0.1:1 → 127.0.0.1:2`, or only the three parts that a listening socket has."""
    kind = "UDP" if sock.type == sock.type.__class__.SOCK_DGRAM else "TCP"
    local = address_text(sock.getsockname())
    try:
        return f"{kind} {local} → {address_text(sock.getpeername())}"
    except OSError:  # ENOTCONN
        return f"{kind} {local}"


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208 - and the listing's own


def switches(pid: int | str = "self") -> dict[int, int]:
    """Context switches of each thread that a process has now: voluntary ones, when it waited, and those it was made to.
    What a thread that has ended counted is gone with it.
    """
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
        try:
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
                found[int(task)] = sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
    return found


def memory(field: str, pid: int | str = "self") -> int:
    """A field of /proc/PID/status in bytes: VmRSS, VmSize."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


def least_of(times: int, measure: Callable[[], float]) -> float:
    """The least of so many trials: whatever else the machine does can only add to what something takes."""
    return min(measure() for _ in range(times))
