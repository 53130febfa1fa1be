"""The auto engine: the thread that polls also runs the handlers, until one turns out to wait.

Quick requests never change threads: they cost what they cost on epoll. Two things keep a slow one from holding up
the others. *Learning*: a kind of request that has turned out to take long (kinds.py) is handed to another thread
before it runs. *The watch*: where the polling thread is held up by a request of which nobody knew, another thread
takes over the polling; the one that was held up ends its request as a thread of a pool would, and joins them.

Relieving works because a loop's place is all in the loop (events not yet done, deadlines, connections), and a
thread's in its driver: the two exchange their receive buffers and their interface's tables, so that what the held-up
request still refers to stays with the thread that runs it.
"""

from threading import Event

import cython
from cython.cimports.cpython.pythread import PyThread_get_thread_ident, PyThread_release_lock
from cython.cimports.gearshift.clock import monotonic, thread_clock
from cython.cimports.gearshift.connection import Connection
from cython.cimports.gearshift.engines.accepting import Life
from cython.cimports.gearshift.engines.kinds import Kind, Kinds
from cython.cimports.gearshift.engines.pool import PoolEngine
from cython.cimports.gearshift.engines.watch import Watch
from cython.cimports.gearshift.exchange import Exchange
from cython.cimports.gearshift.floor import leave_floor, take_floor

MEASURED_MASK = cython.declare(cython.long, 7)  # of the inline runs, one in eight is timed
TICK = cython.declare(cython.int, 1)  # milliseconds between two looks of the watch
PATIENCE = cython.declare(
    cython.long, 1
)  # ticks of the watch that a step may last before the leader is relieved


class AutoWorker:
    """One thread, which polls, or serves requests that were handed on, or sleeps."""

    def _work(self):
        engine: AutoEngine = self.engine
        self.thread = PyThread_get_thread_ident()
        while True:
            if engine.leader is None and engine.life != Life.STOPPED:
                self._lead()
                continue
            connection: Connection = engine._next()
            if connection is not None:
                self._serve_one(connection)
                connection = None
            elif engine.life == Life.STOPPED:
                return 0
            else:
                self._sleep()

    def _lead(self):
        """Polls until everything is closed or another thread has taken over."""
        engine: AutoEngine = self.engine
        term: cython.long = engine.term
        engine.leader = self
        engine.thread = self.thread
        try:
            while engine.term == term and engine.life != Life.STOPPED:
                engine._poll()
        except BaseException as error:  # of no one connection: without a leader nobody would be served
            engine.failure = error
            engine.over.set()
            raise
        if engine.term == term:
            engine.leader = None
            engine._stopped()
        elif self.left is not None:
            self._finish_left()
        return 0

    def _finish_left(self):
        """What it was busy with when it was relieved: goes on as if it had been handed to this thread."""
        connection: Connection = self.left
        self.left = None
        if connection.fd < 0:
            return 0
        connection.blocked = connection.unsent() > 0
        return self._serve_one(connection)

    def run_step(self, connection: Connection):
        """The RUN step on a thread of its own; what it took is learnt."""
        engine: AutoEngine = self.engine
        place: cython.int = engine.kinds.find(connection.exchange.request)
        began: cython.double = monotonic()
        processor: cython.double = thread_clock()
        connection.run()
        engine.kinds.measured(place, monotonic() - began, thread_clock() - processor)
        return 0


class AutoEngine:
    """Serves until drained or stopped. Parameters: a Workplace."""

    def __cinit__(self, workplace: object):
        self.kinds = Kinds()
        self.local = self.service.application.local(True)
        self.leading = 1
        self.most_workers += 1
        self.watch_thread = Watch(self, TICK, PATIENCE)
        self.over = Event()

    def run(self) -> None:
        """Lets its threads serve; returns once everything is closed. The calling thread only waits, so that signals
        are heard whatever the handlers do.
        """
        take_floor()
        try:
            self.begin()
            self._start_worker()
            self._preload()
            self.watch_thread.start()
        finally:
            leave_floor()
        self.over.wait()
        if self.failure is not None:
            raise self.failure
        self.watch_thread.end()
        self._join()

    def make_worker(self, name: str):
        return AutoWorker(self.service, self.timeouts, True, self, name)

    def _stopped(self):
        """The calling thread of run() may return."""
        PoolEngine._stopped(self)
        self.over.set()
        return 0

    # ---- inline, or handed on --------------------------------------------------------------------------------

    def handle(self, connection: Connection) -> cython.bint:
        """The RUN step: here and now where its kind is quick, else by another thread."""
        if connection.exchange.immediate:
            connection.run()
            return True
        place: cython.int = self.kinds.find(connection.exchange.request)
        kind: cython.pointer[Kind] = self.kinds.at(place)
        began: cython.double
        if kind.handed_on or self.service.running >= self.most_requests:
            self.blocking = True
            return PoolEngine.handle(self, connection)
        kind.runs += 1
        if kind.runs & MEASURED_MASK != 1:
            connection.run()
            return True
        began = monotonic()
        connection.run()
        self.kinds.ran(place, monotonic() - began)
        return True

    # ---- relieving a leader ----------------------------------------------------------------------------------

    def held_up(self, milliseconds: cython.long):
        """The watch has seen the leader stand still: another thread takes over, if there is one."""
        if self.leader is None or self.waking:
            return 0
        if self.idle:
            return self._relieve(self.idle.pop())
        if len(self.workers) < self.most_workers:
            return self._relieve(None)
        return 0

    def _relieve(self, successor: AutoWorker):
        leader: AutoWorker = self.leader
        connection: Connection = cython.cast(Connection, self.driven)
        exchange: Exchange = connection.exchange
        leader.left = connection
        leader.tick()  # it may have led for hours: its own clock and date stand where they stood before
        leader.input, self.input = self.input, leader.input
        leader.local, self.local = self.local, leader.local
        connection.driver = leader
        connection.lent = True
        self.deadlines.leave(connection)
        self.driven = cython.NULL
        self.leader = None
        self.term += 1
        self.relieved += 1
        self.waking = True
        # Only now: naming a kind may give the interpreter away, and the leader would go on meanwhile.
        if exchange is not None:
            self.kinds.surprised(self.kinds.find(exchange.request))
        if successor is None:
            self._start_worker()
        else:
            PyThread_release_lock(successor.gate)
        return 0

    def ready(self, connection: Connection, events: cython.uint):
        if self.watch_thread.asleep:
            self.watch_thread.wake()
        return PoolEngine.ready(self, connection, events)

    def close_descriptors(self) -> None:
        self.watch_thread.end()
        PoolEngine.close_descriptors(self)
