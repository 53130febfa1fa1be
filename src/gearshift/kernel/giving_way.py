"""Long lists gone through beside threads that serve.

Whoever computes keeps the interpreter for 5 ms at a time (sys.getswitchinterval) while others want it: so long each
answer would take while thousands of connections are looked at. Letting go after each one costs as much of our own time,
where a thread is busy. So it is let go every millisecond or so.
"""

from __future__ import annotations

from time import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

EVERY = 128  # items, of some microseconds each
# sleep(0) is over before a thread that waits for the interpreter has woken up.
PAUSE = 0.00005  # seconds


def giving_way(items: Iterable[T], every: int = EVERY) -> Iterator[T]:
    """The items; after so many of them other threads have a turn."""
    for number, item in enumerate(items, 1):
        yield item
        if not number % every:
            sleep(PAUSE)
