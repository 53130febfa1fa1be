"""Calls that wait for an event loop, or are in their first steps.

An engine whose thread is another wakes the loop once for all calls that come before it looks: waking it costs as much
as answering a quick request. How many it may be given at once is a matter of how long their first steps take: of those
that take long each one more would only wait here, and is better off in an engine's queue, where waits are judged.
"""

from collections import deque

import cython
from cython.cimports.gearshift.channel import Driver
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.floor import leave_floor, take_floor

MOST = cython.declare(cython.Py_ssize_t, 1024)
# Seconds that the first steps of all that were given at once take; small beside --queue-delay.
SHORT = cython.declare(cython.double, 0.002)
LONG = cython.declare(cython.double, 0.005)


class LoopCalls:
    """Parameters: an asyncio loop."""

    def __cinit__(self, loop: object):
        self.loop = loop
        self.waiting = deque()
        self.most = 16

    def put(self, call: object, scope: dict, driver: Driver):
        """From an engine's thread: call.begin_here(scope) will be called in the loop's. Raises RuntimeError where that
        is closed.
        """
        self.waiting.append((call, scope))
        self.driver = driver
        if not self.told:
            self.told = True
            try:
                self.loop.call_soon_threadsafe(self._begin)
            except RuntimeError:
                self.told = False
                raise
        return 0

    def takes_more(self, coming: cython.Py_ssize_t) -> cython.bint:
        """Whether one more would be begun soon; `coming`: those that are as good as put."""
        return len(self.waiting) + self.under_way + coming < self.most

    def _begin(self) -> None:
        """In the loop's thread: those that are there now, so that its other work has its turn."""
        began: cython.double = monotonic()
        take_floor()
        self.told = False
        try:
            for _ in range(len(self.waiting)):
                call, scope = self.waiting.popleft()
                call.begin_here(scope)
        finally:
            if self.under_way == 0:
                self._stepped(monotonic() - began)
            leave_floor()

    def steps(self):
        """The first step of one, whichever thread had it begun, stands in the loop's queue (before Python 3.12)."""
        if self.under_way == 0:
            self.since = monotonic()
        self.under_way += 1

    def stepped(self):
        """It has been taken."""
        self.under_way -= 1
        return self._stepped(monotonic() - self.since) if self.under_way == 0 else 0

    def _stepped(self, seconds: cython.double):
        """So long took the first steps of those that were given."""
        driver: Driver = self.driver
        if seconds > LONG:
            self.most = max(self.most // 2, 1)
        elif seconds < SHORT:
            self.most = min(self.most * 2, MOST)
        if not self.waiting:
            self.driver = None  # which is not to be kept alive
        return 0 if driver is None else driver.loop_takes_more()
