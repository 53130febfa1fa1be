"""What the experiments ask the kernel, and how they wait for it to become so."""

from __future__ import annotations

import os
import statistics
import time
from typing import NamedTuple

from gearshift.kernel.sockets import address_text
from gearshift.kernel.tcp_info import tcp_info
from gearshift.kernel.tcp_table import Row, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from socket import socket
    from typing import TypeVar

    T = TypeVar("T")

PATIENCE = 10.0  # seconds; far more than anything on loopback takes
LOOPBACK = "127.0.0.1"


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


def find(local: tuple[str, int], peer: tuple[str, int]) -> Row | None:
    """The kernel's row of one connection's end."""
    return next((row for row in rows() if row.local == local and row.peer == peer), None)


def at_port(port: int, states: Container[str] | None = None) -> list[Row]:
    """The sockets with that local port, in those states."""
    return [row for row in rows(states) if row.local[1] == port]


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


class Switches(NamedTuple):
    """Context switches so far: voluntary ones, when a thread waits, and those it was made to."""

    voluntary: int
    involuntary: int

    def since(self, earlier: Switches) -> int:
        return sum(self) - sum(earlier)


def switches(pid: int | str = "self") -> Switches:
    """Of all threads a process has now."""
    voluntary = involuntary = 0
    for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
        try:
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
                for line in file:
                    if line.startswith("voluntary_ctxt_switches"):
                        voluntary += int(line.split()[1])
                    elif line.startswith("nonvoluntary_ctxt_switches"):
                        involuntary += int(line.split()[1])
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
    return Switches(voluntary, involuntary)


def memory(field: str, pid: int | str = "self") -> int:
    """A field of /proc/PID/status in bytes: VmRSS, VmSize."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


def median_of(times: int, measure: Callable[[], float]) -> float:
    """The median of so many trials: one that something else held up does not count."""
    return statistics.median(measure() for _ in range(times))
