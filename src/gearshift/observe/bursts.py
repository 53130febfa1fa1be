"""Bursts of what a counter counts: told once, however long they last."""

from __future__ import annotations

QUIET = 10.0  # seconds without an event end a burst


class Burst:
    """Of one counter. began: when the present or last burst did. number: events in it. told: of these, when it was told
    that it has begun.
    """

    def __init__(self) -> None:
        self.began = 0.0
        self.last = 0.0
        self.number = 0
        self.told = 0
        self._going_on = False

    def begins(self, now: float, events: int) -> bool:
        """Counts the events since the last call; True where a burst begins with them."""
        if not events:
            return False
        begins = not self._going_on
        if begins:
            self.began, self.number, self.told = now, 0, events
            self._going_on = True
        self.number += events
        self.last = now
        return begins

    def ends(self, now: float) -> bool:
        """True once, when there has been nothing for so long."""
        if not self._going_on or now - self.last < QUIET:
            return False
        self._going_on = False
        return True
