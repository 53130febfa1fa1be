"""How long connections wait to be accepted, which the kernel doesn't tell: by Little's law.

The mean number that waits is the rate at which they come times the mean time that each waits, whatever the order and
the distribution. So the depth of the accept queue, looked at again and again and summed up over time, divided by how
many have come meanwhile, is the mean wait of those.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

MOST_LOOKS = 50  # what is summed up: 5 s at ten looks a second


class AcceptWait:
    """The mean wait of the connections that came since the queue was last empty, of the last five seconds at most.

    What it can't tell: a queue that fills and empties between two looks is not seen at all, so 0 means less than the
    time between them (0.1 s), and a longer wait is right to within that. It is the mean of all who waited at the time:
    where they came at once and left one after the other, one of them may have waited up to twice as long.
    """

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int, int]] = deque(maxlen=MOST_LOOKS)
        self._began = 0.0
        self._seconds: float | None = None

    @property
    def seconds(self) -> float | None:
        """As of the last look; None where the depth is not known."""
        return self._seconds

    def look(self, now: float, depth: int | None, accepted: int) -> None:
        """depth: connections that wait, in all accept queues. accepted: all that ever were."""
        if depth is None:
            self._looks.clear()
            self._seconds = None
            return
        looks = self._looks
        if not looks or (depth == 0 and looks[-1][1] == 0):
            looks.clear()
            self._began = now
        looks.append((now, depth, accepted))
        self._seconds = self._mean_wait(now) if len(looks) > 1 else 0.0

    def _mean_wait(self, now: float) -> float:
        looks = [*self._looks]
        waited = 0.0  # by all of them together
        for (before, fewer, _), (after, more, _) in pairwise(looks):
            waited += (after - before) * (fewer + more) / 2
        if not waited:
            return 0.0
        left = looks[-1][2] - looks[0][2]
        came = left + looks[-1][1] - looks[0][1]
        # With nobody coming or going, those who are there have waited all the time.
        return waited / max(came, left) if max(came, left) > 0 else now - self._began
