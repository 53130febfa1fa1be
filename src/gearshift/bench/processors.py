"""Which processor the server has, and which one its load: apart where there are two."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
TICKS = os.sysconf("SC_CLK_TCK")
# user, nice, system and steal of a line of /proc/stat (proc_stat(5)). Interrupts are left out: those of loopback are
# the server's own doing, and not always put down to it.
BUSY = (1, 2, 3, 8)


class Processors(NamedTuple):
    """Their numbers; the same where there is only one."""

    server: int
    client: int

    @property
    def apart(self) -> bool:
        return self.server != self.client


def choose() -> Processors:
    """Of those that this process may use; two that share no core, where there are such."""
    usable = sorted(os.sched_getaffinity(0))
    server = usable[0]
    others = [number for number in usable if number not in _siblings(server)]
    return Processors(server, (others or usable)[-1])


@contextmanager
def on(processor: int) -> Iterator[None]:
    """What is started within runs there, and whatever it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {processor})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def busy_seconds(processor: int) -> float | None:
    """How long that processor has run programs since the machine was started; None where that isn't told."""
    with suppress(OSError), open("/proc/stat", encoding="ascii") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(f"cpu{processor} "):
                fields = line.split()
                return sum(int(fields[at]) for at in BUSY) / TICKS
    return None


def _siblings(processor: int) -> set[int]:
    """Those on its core, itself among them."""
    found = {processor}
    with suppress(OSError, ValueError), open(SIBLINGS.format(processor), encoding="ascii") as file:  # noqa: PTH123
        for part in file.read().strip().split(","):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    return found
