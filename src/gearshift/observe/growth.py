"""Whether a number goes on growing: a leak, as told from use that comes and goes."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

MINUTE = 60.0
MINUTES = 10


class Growth:
    """Each minute counts by the least it has seen, so that what is open for a moment doesn't matter."""

    def __init__(self) -> None:
        self._least: deque[int] = deque(maxlen=MINUTES)
        self._minute = 0
        self._now: int | None = None

    def look(self, now: float, number: int) -> None:
        """now: seconds that never go back."""
        minute = int(now // MINUTE)
        if self._now is None or minute == self._minute:
            self._now = number if self._now is None else min(self._now, number)
        else:
            if minute != self._minute + 1:  # nobody has looked for so long
                self._least.clear()
            else:
                self._least.append(self._now)
            self._now = number
        self._minute = minute

    @property
    def growing(self) -> bool:
        """Each of the last ten minutes had more than the one before it."""
        least = [*self._least]
        return len(least) == MINUTES and all(one < other for one, other in pairwise(least))

    @property
    def gained(self) -> tuple[int, int]:
        """The least of the first and of the last of these minutes."""
        return (self._least[0], self._least[-1]) if self._least else (0, 0)
