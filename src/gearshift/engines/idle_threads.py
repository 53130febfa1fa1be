"""Threads that have done one task and wait a moment for the next: to make one anew costs more than many a task.

A new thread costs some 40 microseconds, and with TLS three times that: OpenSSL makes each thread its own generators of
random numbers, and unmakes them with it.
"""

from threading import Thread

import cython
from cython.cimports.cpython.pythread import PyThread_release_lock
from cython.cimports.gearshift.engines.idle_threads import PyThread_acquire_lock_timed
from cython.cimports.gearshift.engines.sleepers import new_gate, remove_gate, sleep_at
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor

MOST_IDLE = cython.declare(cython.Py_ssize_t, 64)
PATIENCE = cython.declare(cython.double, 1.0)  # seconds that an idle thread waits for a task
IDLE = "gearshift-idle"  # its name meanwhile


class Hand:
    """One thread."""

    def __cinit__(self, threads: IdleThreads, task: object, name: str):
        self.threads = threads
        self.work = threads.work
        self.task = task
        self.gate = new_gate()
        self.thread = Thread(target=self.run, name=name, daemon=True)

    def __dealloc__(self):
        remove_gate(self.gate)

    def run(self) -> None:
        """The thread: one task after another, until none comes."""
        threads: IdleThreads = self.threads
        take_floor()
        try:
            while self.task is not None:
                self._work()
                if threads.ended or len(threads.idle) >= MOST_IDLE:
                    return
                self.thread.name = IDLE
                threads.idle.append(self)
                self._sleep()
        finally:
            leave_floor()

    def _work(self):
        task, self.task = self.task, None
        floor: cython.int = let_go()
        try:
            self.work(task)
        finally:
            take_again(floor)
        return 0

    def _sleep(self):
        """Until there is a task, or none is to come."""
        opened: cython.int
        patience: cython.longlong = self.threads.patience
        floor: cython.int = let_go()
        with cython.nogil:
            opened = PyThread_acquire_lock_timed(self.gate, patience, 0)
        take_again(floor)
        if opened == 1:
            return 0
        try:
            self.threads.idle.remove(self)
        except ValueError:  # it was chosen in this very moment
            sleep_at(self.gate)
        return 0


class IdleThreads:
    """Runs tasks, each in a thread that has nothing else to do.

    work: called with each of them, and raises nothing. patience: seconds that a thread waits for another.
    """

    def __cinit__(self, work: object, patience: cython.double = PATIENCE):
        self.work = work
        self.patience = cython.cast(cython.longlong, patience * 1e6)
        self.idle = []

    def run(self, task: object, name: str):
        """In the thread that became idle last, or in a new one. name: the thread's, as long as it lasts. Raises
        RuntimeError where there are no more threads.
        """
        hand: Hand
        if self.idle:
            hand = self.idle.pop()
            hand.task = task
            hand.thread.name = name
            PyThread_release_lock(hand.gate)
            return 0
        hand = Hand(self, task, name)
        hand.thread.start()
        return 0

    def end(self):
        """Those that are idle end now, the others after their task."""
        self.ended = True
        self.work = None  # most likely a method of whoever has this
        while self.idle:
            hand: Hand = self.idle.pop()
            PyThread_release_lock(hand.gate)
        return 0
