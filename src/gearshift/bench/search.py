"""The search for the highest rate that is sustained: what to offer next, given what held and what did not."""

from __future__ import annotations

from math import sqrt

from gearshift.bench.measurement import Bracket

FIRST = 0.9  # of the capacity: what a closed loop answers is seldom far from what an open one can
UP = 1.1
DOWN = (0.8, 0.55)  # from what did not hold; the last one again and again
SLIGHTLY = 1.06  # where a former search has told where it lies
FINE_ENOUGH = 1.07  # between what held and what did not
HOPELESS = 0.05  # of the first offer


class RateSearch:
    """Offers rates until what held and what did not lie close together.

    capacity: answers a second of a closed loop, above 0. former: where a former search ended, 0 for none.
    """

    def __init__(self, capacity: float, former: float = 0.0) -> None:
        self._first = former or capacity * FIRST
        self._up = SLIGHTLY if former else UP
        self._downs = (1 / SLIGHTLY, *DOWN) if former else DOWN
        self._failures = 0
        self._low = 0.0
        self._high = 0.0

    @property
    def bracket(self) -> Bracket:
        return Bracket(self._low, self._high)

    @property
    def next_rate(self) -> float | None:
        """What to offer next, requests a second; None where it is found, or nothing will hold."""
        if not self._high:
            return self._low * self._up or self._first
        if not self._low:
            down = self._downs[min(self._failures, len(self._downs)) - 1]
            return self._high * down if self._high > self._first * HOPELESS else None
        return sqrt(self._low * self._high) if self._high / self._low > FINE_ENOUGH else None

    def learn(self, rate: float, held: bool) -> None:
        """What became of the offer `next_rate`."""
        if held:
            self._low = rate
        else:
            self._high = rate
            self._failures += 1
