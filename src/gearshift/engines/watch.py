"""The watch: a thread that notices when the polling thread is held up by an application.

It looks every few milliseconds, without the interpreter, at a counter that the loop advances with every step; only
when that has stood still does it ask for the interpreter and speak. While nothing runs it sleeps and costs nothing.
"""

from threading import Thread

import cython
from cython.cimports.cpython.pythread import PyThread_release_lock
from cython.cimports.gearshift.engines.readiness import ReadinessLoop
from cython.cimports.gearshift.engines.sleepers import new_gate, remove_gate, sleep_at
from cython.cimports.gearshift.engines.watch import Sight
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.kernel import system_calls as sockets

QUIET_TICKS = cython.declare(cython.long, 20)  # without a step, after which the watch sleeps


class Patience:
    """What the watch makes of what it sees: its only clock is how often it has looked. patience: looks at one step
    until that holds everybody up.
    """

    def __cinit__(self, patience: cython.long):
        self.patience = patience
        self.seen = -1

    def judge(self, drives: cython.long, busy: cython.bint):
        """drives: steps begun so far. busy: one of them is going on."""
        if drives == self.seen and (busy or not self.told):
            self.still += 1
        else:
            self.seen = drives
            self.still = 0
            if self.told:
                self.told = False
                return Sight.LET_GO
        if busy and self.still >= self.patience:
            self.told = True
            return Sight.HELD_UP
        if not busy and self.still >= QUIET_TICKS:
            return Sight.QUIET
        return Sight.GO_ON

    def look(self, drives: int, busy: bool) -> Sight:
        """As judge(), for whoever has no C."""
        return cython.cast(Sight, self.judge(drives, busy))


class Watch:
    """Calls loop.held_up() when one step has lasted for `patience` ticks of `tick` milliseconds, and again with
    every tick that it goes on.
    """

    def __cinit__(self, loop: ReadinessLoop, tick: cython.int, patience: cython.long):
        self.loop = loop
        self.tick = tick
        self.patience = patience
        self.gate = new_gate()

    def __dealloc__(self):
        remove_gate(self.gate)

    def start(self) -> None:
        self.thread = Thread(target=self.run, name="watch", daemon=True)
        self.thread.start()

    def end(self) -> None:
        """Returns when the thread has ended. May be called again."""
        take_floor()
        self.ended = True
        if self.asleep:
            self.wake()
        leave_floor()
        if self.thread is not None:
            floor: cython.int = let_go()  # which it may be about to take
            self.thread.join()
            take_again(floor)
            self.thread = None
        self.loop = None

    def wake(self):
        """Something runs again. Called where `asleep` is set, with the floor."""
        self.asleep = False
        PyThread_release_lock(self.gate)
        return 0

    def run(self) -> None:
        loop: ReadinessLoop = self.loop
        judge: Patience = Patience(self.patience)
        sight: Sight = Sight.GO_ON
        while not self.ended:
            with cython.nogil:
                while not self.ended:
                    sockets.poll(cython.NULL, 0, self.tick)
                    sight = judge.judge(loop.drives, loop.driven != cython.NULL)
                    if sight != Sight.GO_ON:
                        break
            take_floor()
            try:
                if self.ended:
                    break
                if sight == Sight.LET_GO:
                    loop.let_go()
                elif sight == Sight.HELD_UP:
                    self._look(loop, judge.seen, judge.still)
                elif sight == Sight.QUIET and self._sleep(loop, judge.seen):
                    judge.still = 0
            finally:
                leave_floor()

    def _look(self, loop: ReadinessLoop, seen: cython.long, still: cython.long):
        """With the interpreter: whether it is still the same step, and then what the engine makes of it."""
        if loop.driven != cython.NULL and loop.drives == seen and not self.ended:
            loop.held_up(still * self.tick)
        return 0

    def _sleep(self, loop: ReadinessLoop, seen: cython.long):
        if loop.driven != cython.NULL or loop.drives != seen or self.ended:
            return False
        self.asleep = True
        sleep_at(self.gate)
        return True
