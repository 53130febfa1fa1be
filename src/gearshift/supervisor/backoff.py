"""How long to wait before another worker is started in the place of one that has crashed."""

from __future__ import annotations

FIRST = 0.1  # seconds
LONGEST = 5.0
HEALTHY = 10.0  # seconds of serving after which a crash is the first of its kind again


class Backoff:
    """Doubles with each crash that follows soon upon the one before. Times: monotonic seconds, given by the caller."""

    def __init__(self) -> None:
        self.crashes = 0  # in a row
        self.until = 0.0  # no worker is started before that

    def crashed(self, now: float, served: float) -> float:
        """A worker has ended of which nobody had asked it, after it had served so many seconds. How long to wait."""
        self.crashes = 1 if served >= HEALTHY else self.crashes + 1
        seconds: float = min(FIRST * 2 ** (self.crashes - 1), LONGEST)
        self.until = max(self.until, now + seconds)
        return seconds
