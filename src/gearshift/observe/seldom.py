"""A look that is dear, taken as seldom as it is dear."""

from __future__ import annotations

from threading import Lock
from time import monotonic, thread_time
from typing import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

REST = 100  # times as long as a look took a processor is what it saw told again: a hundredth goes into it


class Seldom(Generic[T]):
    """Whoever asks, from any thread, is told what the last look saw, or looks again where that is too old. least:
    seconds that a look holds at least, however little it cost. cost: how long the calling thread has been on a
    processor.
    """

    def __init__(
        self,
        look: Callable[[], T],
        least: float = 0.0,
        clock: Callable[[], float] = monotonic,
        cost: Callable[[], float] = thread_time,
    ) -> None:
        self._look = look
        self._least = least
        self._clock = clock
        self._cost = cost
        self._lock = Lock()
        self._seen: tuple[T, float] | None = None
        self._took = 0.0

    def value(self, rest: float = REST) -> T:
        """What look() returned; whatever it raises is raised, and nothing kept."""
        return self.value_and_age(rest)[0]

    def value_and_age(self, rest: float = REST) -> tuple[T, float]:
        """The same, and how many seconds ago it was seen: 0 where it is seen now."""
        with self._lock:
            if self._seen is not None:
                value, seen_at = self._seen
                age = self._clock() - seen_at
                if age < max(self._least, rest * self._took):
                    return value, age
            began = self._cost()
            value = self._look()
            self._took = self._cost() - began
            self._seen = value, self._clock()
            return value, 0.0
