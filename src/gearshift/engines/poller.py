"""The pool engine for ASGI: one thread polls and serves the sockets, the application's event loop is another's.

A coroutine stays with its loop, so the threads of a pool could only wait for it, each with a request in hand. Here
nobody waits: the poller gives requests to the loop, goes on with others, and is woken once for all that the application
has said meanwhile. What the loop can't begin soon waits here, where waits are judged.
"""

import cython
from cython.cimports.cpython.pythread import PyThread_get_thread_ident
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.connection import Connection
from cython.cimports.gearshift.engines.epoll import EpollEngine


class PollerEngine:
    """Serves until drained or stopped. Parameters: a Workplace, whose application is ASGI."""

    is_selector = False

    def __cinit__(self, workplace: object):
        self.beside = True

    def loop_takes_more(self):
        return self._rouse() if self.waiting.count > 0 else 0

    def wake(self, channel: Channel):
        connection: Connection = channel
        if not connection.queued and connection.fd >= 0:
            connection.queued = True
            self.woken.append(connection)
            self._rouse()
        return 0

    def nudge(self, channel: Channel):
        return self.wake(channel)

    def _rouse(self):
        """Ends the poller's wait; the first who does so has done it for all."""
        if self.rests and PyThread_get_thread_ident() != self.thread:
            self.rests = False
            self.interrupt()
        return 0

    def _wait(self, timeout: cython.double):
        self.rests = True
        EpollEngine._wait(self, timeout)
        self.rests = False
        return 0
