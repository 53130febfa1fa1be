"""The sampler: looks at the accept queues ten times a second and at everything else that has a history once, in a
thread beside those that serve. A look costs some microseconds, and nobody is held up: see observe/readings.py.
"""

from __future__ import annotations

import time

from gearshift.observe.accept_wait import AcceptWait
from gearshift.observe.history import RATES, History
from gearshift.observe.readings import Totals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from gearshift.kernel.host_counters import HostCounters
    from gearshift.observe.descriptor_use import DescriptorUse
    from gearshift.observe.drop_watch import DropWatch
    from gearshift.observe.readings import Readings

TICK = 0.1  # seconds between two looks at the accept queues
SECOND = 1.0
LATE = 0.5  # seconds past its end at which a second is a gap
SET = 0.5  # seconds by which the wall clock may go its own way
DESCRIPTORS_EVERY = 5  # seconds


class Sampler:
    """began: when the server began to serve, by `clock`. clock: seconds that never go back; wall: Unix time."""

    def __init__(
        self,
        readings: Readings,
        drops: DropWatch,
        descriptors: DescriptorUse,
        began: float,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._readings = readings
        self._drops = drops
        self._descriptors = descriptors
        self._clock = clock
        self._wall = wall
        self._history = History()
        self._wait = AcceptWait()
        self._ended = began  # the last second
        self._due = began + SECOND
        self._ahead = wall() - clock()  # the wall clock
        self._before = Totals(0, 0, 0, 0, 0, 0)
        self._host: HostCounters | None = None
        self._most: list[int | None] = [None] * len(readings.listeners)
        self._most_together: int | None = None
        self._seconds = 0

    def history(self, since: float = 0.0) -> dict[str, Any]:
        """`history` of docs/status-schema.md: what ended later than `since`, in Unix time."""
        return self._history.as_dict(since)

    def accept_wait(self) -> float | None:
        """How long those who are accepted about now have waited in the accept queue, estimated; None where it can't be
        told. AcceptWait says how, and how far it may be off.
        """
        return self._wait.seconds

    def run(self, pause: Callable[[float], bool]) -> None:
        """Looks until pause(), which waits for that many seconds, says to stop."""
        due = self._clock()
        while True:
            self.look()
            now = self._clock()
            due = due + TICK if due + TICK > now else now + TICK  # what was missed is not made up for
            if pause(due - now):
                return

    def look(self) -> None:
        """One look at the accept queues, and at the rest when a second is over."""
        now = self._clock()
        depths = self._readings.depths()
        together = _sum(depths)
        self._wait.look(now, together, self._readings.accepted())
        self._most = [*map(_more, self._most, depths)]
        self._most_together = _more(self._most_together, together)
        if now >= self._due:
            self._second_is_over(now)

    def _second_is_over(self, now: float) -> None:
        readings = self._readings
        queues = [
            queue._replace(accept_queue=most)
            for queue, most in zip(readings.queues(), self._most, strict=True)
        ]
        covers = now - self._ended
        totals, host = readings.totals(), readings.host()
        half_open, age = readings.half_open()
        dropped = self._drops.look(
            now,
            queues,
            half_open,
            None if host is None else host.counts,
            readings.engine,
            f"{totals.running} requests running, {totals.waiting} waiting, {totals.connections} connections open",
        )
        rates = {} if host is None or self._host is None else host.rates_since(self._host)
        self._history.add(
            self._tell_gaps(now, covers),
            covers,
            {
                "requests": totals.requests - self._before.requests,
                "running": totals.running,
                "waiting": totals.waiting,
                "shed": totals.shed - self._before.shed,
                "connections": totals.connections,
                "accept_queue": self._most_together,
                "syn_queue": _sum(half_open.values()) if age < covers else None,
                "drops": dropped,
                **{name: rates.get(name) for name in RATES},
            },
        )
        self._ended = now
        self._due = now + SECOND if covers >= SECOND + LATE else self._due + SECOND
        self._before, self._host = totals, host
        self._most, self._most_together = [None] * len(queues), None
        self._seconds += 1
        if not self._seconds % DESCRIPTORS_EVERY:
            self._descriptors.watch()

    def _tell_gaps(self, now: float, covers: float) -> float:
        """Notes what is amiss with this second; its end in Unix time."""
        wall = self._wall()
        leapt = wall - now - self._ahead
        self._ahead = wall - now
        if covers >= SECOND + LATE:
            self._history.add_gap(wall, covers - SECOND, "not running")
        if abs(leapt) >= SET:
            self._history.add_gap(wall, leapt, "clock set")
        return wall


def _sum(numbers: Iterable[int | None]) -> int | None:
    """Of those that are known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _more(one: int | None, other: int | None) -> int | None:
    return other if one is None or (other is not None and other > one) else one
