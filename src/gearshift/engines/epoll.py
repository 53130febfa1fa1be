"""The epoll engine: one thread, readiness, handlers run inline.

For WSGI, files and the page the loop runs bare. For ASGI it is the *selector* of a stock asyncio loop: asyncio
asks it for ready descriptors, and while it waits for them it serves the HTTP sockets itself and hands asyncio only
what is asyncio's. An application that never suspends costs no trip round the loop.
"""

import cython
from cython.cimports.gearshift.engines.accepting import Life
from cython.cimports.gearshift.floor import leave_floor, take_floor
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import errno

FOREIGN_TAG = cython.declare(cython.ulonglong, 1 << 63)


class EpollEngine:
    """Serves until drained or stopped."""

    is_selector = True  # an asyncio loop may be built upon it
    is_watched = False  # and nobody is told what holds it up

    def run(self) -> None:
        """Serves in the calling thread; returns once everything is closed."""
        take_floor()
        try:
            self.begin()
            while self.life != Life.STOPPED:
                self.turn(-1)
        finally:
            leave_floor()

    # ---- as the selector of an asyncio loop -------------------------------------------------------------

    def watch_foreign(self, descriptor: int, readable: bool, writable: bool, known: bool) -> None:
        """Reports that descriptor's events from select(); raises OSError where epoll can't watch it."""
        event: sockets.epoll_event
        event.events = (sockets.EPOLLIN if readable else 0) | (sockets.EPOLLOUT if writable else 0)
        event.data.u64 = FOREIGN_TAG + cython.cast(cython.ulonglong, descriptor)
        operation = sockets.EPOLL_CTL_MOD if known else sockets.EPOLL_CTL_ADD
        if sockets.epoll_ctl(self.epoll, operation, descriptor, cython.address(event)) < 0:
            raise OSError(errno, f"epoll can't watch descriptor {descriptor}")

    def forget_foreign(self, descriptor: int) -> None:
        event: sockets.epoll_event
        sockets.epoll_ctl(self.epoll, sockets.EPOLL_CTL_DEL, descriptor, cython.address(event))

    def select(self, timeout: cython.double):
        """One turn; returns what became ready of others' descriptors: (descriptor, readable, writable)."""
        take_floor()
        try:
            self.turn(timeout)
        finally:
            leave_floor()
        if not self.foreign:
            return []
        ready = [
            (tag, bool(events & ~sockets.EPOLLOUT), bool(events & ~sockets.EPOLLIN))
            for tag, events in self.foreign
        ]
        self.foreign = []
        return ready

    @property
    def descriptor(self):
        """Readable when there is something to do in a turn."""
        return self.epoll

    def patience(self):
        """Seconds until there is something to do in a turn, whatever the descriptor says."""
        take_floor()
        seconds: cython.double = self._patience(-1.0)
        leave_floor()
        return seconds

    @property
    def stopped(self):
        """Whether everything is closed and the loop may end."""
        return self.life == Life.STOPPED
