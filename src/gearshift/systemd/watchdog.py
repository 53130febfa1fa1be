"""The watchdog's sign of life: given only where the server has come round since it was last asked to.

A timer that pings blindly says that a thread of its own lives. Here the engine is woken and, one look later, must have
had its turn, and so must an ASGI application's event loop. A server that is overloaded still has its turns and answers
503: it is not restarted for that. One whose only loop stands in a handler is, once that lasts as long as WatchdogSec=.
"""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LOOKS = 4  # in the time that is waited for it: one may come late, one may find a turn that is long


class Watchdog:
    """tell: gives the sign of life. seconds: within which it is waited for. clock: monotonic, as the engines'.
    gear: the one that serves. loop: the event loop of an ASGI application, or None.
    """

    def __init__(
        self,
        tell: Callable[[], object],
        gear: Callable[[], Any],
        loop: Callable[[], Any],
        seconds: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._tell = tell
        self._gear = gear
        self._loop = loop
        self._clock = clock
        self._ended = Event()
        self._interval = seconds / LOOKS
        self._engine: Any = None  # that was asked last
        self._asked_at = 0.0
        self._loop_owes = False
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        while True:
            self.look()
            if self._ended.wait(self._interval):
                return

    def look(self) -> bool:
        """Gives a sign of life where engine and loop have come round since the last look; asks them anew. Whether it
        gave one.
        """
        alive = self._engine_came_round() and not self._loop_owes
        if alive:
            self._tell()
            self._ask()
        return alive

    def _engine_came_round(self) -> bool:
        engine = self._gear().engine
        return engine is not self._engine or engine.now >= self._asked_at

    def _ask(self) -> None:
        self._engine = self._gear().engine
        self._asked_at = self._clock()
        self._engine.interrupt()
        loop = self._loop()
        if loop is not None:
            self._loop_owes = True
            try:
                loop.call_soon_threadsafe(self._loop_answers)
            except RuntimeError:  # it is closed: the server ends
                self._loop_owes = False

    def _loop_answers(self) -> None:
        """In the loop's thread."""
        self._loop_owes = False
