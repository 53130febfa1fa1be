"""How late an event loop runs what it is asked to run at once: what a handler that blocks it costs everybody else."""

from __future__ import annotations

from collections import deque
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Any

MINUTE = 60.0


class LoopLag:
    """Asked again and again by another thread than the loop's. loop: the event loop, or None while there is none."""

    def __init__(
        self, loop: Callable[[], AbstractEventLoop | None], clock: Callable[[], float] = monotonic
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._asked = 0.0  # 0: no question is open
        self._seen: deque[tuple[float, float]] = deque()  # when it was asked, how late it was

    def ask(self) -> None:
        """Unless the last question is still open: then that tells already."""
        loop = self._loop()
        if loop is None or self._asked:
            return
        self._asked = self._clock()
        try:
            loop.call_soon_threadsafe(self._answer)
        except RuntimeError:  # it is closed
            self._asked = 0.0

    def _answer(self) -> None:
        """In the loop's thread."""
        self._seen.append((self._asked, self._clock() - self._asked))
        self._asked = 0.0

    def told(self) -> dict[str, Any] | None:
        """`loop` of status; None where there is no loop."""
        loop = self._loop()
        if loop is None:
            return None
        now = self._clock()
        while self._seen and self._seen[0][0] < now - MINUTE:
            self._seen.popleft()
        asked = self._asked
        lags = [lag for _, lag in list(self._seen)]
        if asked:
            lags.append(now - asked)
        return {
            "lag_seconds": lags[-1] if lags else None,
            "lag_max_seconds": max(lags, default=None),
            "tasks": _tasks(loop),
        }


def _tasks(loop: AbstractEventLoop) -> int | None:
    from asyncio import all_tasks  # who has no loop does without

    try:
        return len(all_tasks(loop))
    except RuntimeError:  # the set changed all the time it was looked at
        return None
