"""The auto engine for ASGI: the epoll engine under an asyncio loop, and a watch over both.

A coroutine can't change threads, so what holds up an asyncio loop can only be told, not helped: which request it was,
how long it took and where it stood. The whole time between two waits is watched, whatever asyncio runs in it.
"""

import cython
from cython.cimports.cpython.object import PyObject
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.connection import Connection
from cython.cimports.gearshift.engines.epoll import EpollEngine
from cython.cimports.gearshift.engines.watch import Watch
from cython.cimports.gearshift.floor import leave_floor, take_floor

from gearshift.floor import Aside

TICK = cython.declare(cython.int, 10)  # milliseconds between two looks of the watch
PATIENCE = cython.declare(cython.long, 10)  # ticks; what is shorter, a client hardly feels


class WatchedEpollEngine:
    """Serves until drained or stopped."""

    is_watched = True

    def __cinit__(self, workplace: object):
        self.watch_thread = Watch(self, TICK, PATIENCE)

    def begin(self) -> None:
        self.watch_thread.start()
        EpollEngine.begin(self)

    def select(self, timeout: cython.double):
        """One turn, as EpollEngine's; what follows until the next one is asyncio's and is watched too."""
        take_floor()
        self.driven = cython.NULL
        try:
            ready = EpollEngine.select(self, timeout)
            if self.successor is None:  # else the engine that asyncio waits on now is watched, or not
                if self.watch_thread.asleep:
                    self.watch_thread.wake()
                self.drives += 1
                self.driven = cython.cast(cython.pointer[PyObject], self)
        finally:
            leave_floor()
        return ready

    def held_up(self, milliseconds: cython.long):
        if self.held_since == 0 and self.reporter is not None:
            self.held_since = monotonic() - milliseconds / 1000.0
            request = self._driven_request()
            with Aside():  # it reads source files
                self.reporter.held_up(request)
        return 0

    def let_go(self):
        if self.held_since > 0:
            with Aside():
                self.reporter.let_go(monotonic() - self.held_since)
            self.held_since = 0
        return 0

    def _driven_request(self):
        """The request whose first step runs, or None where asyncio runs something."""
        if self.driven == cython.NULL or self.driven == cython.cast(cython.pointer[PyObject], self):
            return None
        connection: Connection = cython.cast(Connection, self.driven)
        return None if connection.exchange is None else connection.exchange.name_of_request()

    def close_descriptors(self) -> None:
        self.driven = cython.NULL
        self.watch_thread.end()
        EpollEngine.close_descriptors(self)
