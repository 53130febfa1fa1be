"""What a peer may do that costs it less than it costs the server: so much at once, and so much a second."""

from __future__ import annotations


class Allowance:
    """Credits that are spent and come back with time, and for work that the peer has honestly asked for.

    most: how many there can be; so many there are at first. rate: that come back in a second. now: monotonic seconds.
    """

    __slots__ = ("_at", "_credits", "_most", "_rate")

    def __init__(self, most: float, rate: float, now: float) -> None:
        self._credits = self._most = most
        self._rate = rate
        self._at = now

    def spend(self, now: float, credits: float = 1.0) -> bool:
        """False where there are none left."""
        self._credits = min(self._most, self._credits + (now - self._at) * self._rate) - credits
        self._at = now
        return self._credits >= 0

    def earn(self, credits: float) -> None:
        self._credits = min(self._most, self._credits + credits)
