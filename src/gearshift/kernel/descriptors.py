"""The descriptors that this process has open, by their kinds.

/proc/self/fd (proc_pid_fd(5)) lists them, each as a symbolic link that says what it is: a path, "socket:[INODE]",
"pipe:[INODE]", "anon_inode:[eventfd]". But listing them and reading a link let go of the interpreter each time. So
every number that may be in use is tried (kernel/descriptor_walk.py), which tells the sockets, the many; the links of
the rest are read.
"""

# pathlib would cost as much as all the rest.
# ruff: noqa: PTH115, PTH208
from __future__ import annotations

import os
import re
from collections import Counter
from typing import NamedTuple

from gearshift.kernel.descriptor_walk import Walk
from gearshift.kernel.giving_way import giving_way
from gearshift.kernel.lent import is_socket
from gearshift.kernel.limits import descriptor_limits
from gearshift.kernel.proc_file import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER = "/proc/self/fd"
STATUS = "/proc/self/status"

# The places that the process's table of descriptors has at present (proc_pid_status(5)); it never shrinks, so a process
# that once used a very high number has many.
SLOTS = re.compile(rb"^FDSize:\t(\d+)$", re.MULTILINE)
MOST_TRIED = 131072

# What stands before the colon, and names of anonymous inodes that people call otherwise.
PREFIXES = {"pipe": "pipe", "socket": "socket", "pidfd": "pidfd", "/memfd": "memfd"}
ANONYMOUS = {"eventpoll": "epoll", "inotify": "inotify"}


class Descriptors(NamedTuple):
    """open: how many are. limit: how many may be (RLIMIT_NOFILE, as in force). by_kind: most frequent first.

    own: of these, the ones that the server has opened itself. accepted: connections of its listeners. others: sockets
    that are neither. links: what all others stand for that are no sockets, and how many stand for it.
    """

    open: int
    limit: int
    by_kind: dict[str, int]
    own: int
    accepted: int
    others: list[int]
    links: dict[str, int]


def descriptors(own: Iterable[int] = (), listening: Iterable[int] = ()) -> Descriptors | None:
    """All of them. own: the server's, its listening sockets too. listening: sockets whose accepted connections are to
    be counted. None where /proc isn't to be read.
    """
    try:
        slots = _slots()
    except OSError:
        return None
    walk = Walk(slots, [*own], [*listening])
    found = Counter(walk.links())
    kinds, links = Counter({"socket": walk.sockets}), {}
    for link, number in found.items():
        text = os.fsdecode(link[1:])
        kinds[kind(text)] += number
        if link.startswith(b"-"):
            links[text] = number
    by_kind = {name: number for name, number in kinds.most_common() if number}
    return Descriptors(
        walk.open, descriptor_limits().soft, by_kind, walk.own, walk.accepted, walk.others(), links
    )


def _slots() -> int:
    """Below it all open numbers are. Raises OSError."""
    found = SLOTS.search(whole(STATUS))
    return MOST_TRIED + 1 if found is None else int(found[1])


def possible_descriptors() -> Iterable[int]:
    """The numbers among which all open ones are. Raises OSError."""
    slots = _slots()
    return range(slots) if slots <= MOST_TRIED else map(int, os.listdir(FOLDER))


def open_sockets() -> Iterator[int]:
    """Those that are sockets. Raises OSError."""
    return filter(is_socket, giving_way(possible_descriptors()))


def kind_of(fd: int) -> str:
    """ "socket", "pipe", "eventfd", "epoll", "io_uring", "timerfd", "device", "file" and so on; "" for a closed one."""
    found = is_socket(fd)
    if found:
        return "socket"
    if found is None:
        return ""
    try:
        return kind(os.readlink(f"{FOLDER}/{fd}"))
    except OSError:
        return ""


def kind(link: str) -> str:
    """What a link of /proc/self/fd stands for."""
    if link.startswith("anon_inode:"):
        name = link.removeprefix("anon_inode:").strip("[]")
        return ANONYMOUS.get(name, name)
    prefix, colon, _ = link.partition(":")
    if colon and prefix in PREFIXES:
        return PREFIXES[prefix]
    if not link.startswith("/"):
        return "other"  # a namespace, or what comes yet
    return "device" if link.startswith("/dev/") and not link.startswith("/dev/shm/") else "file"
