"""The engines of one server: the one in gear, and those that still have connections to give to it.

Shifting makes a new engine beside the one that serves and lets that hand over its connections, each between two of its
requests; what is being answered is answered where it began. So for a while two engines run, and a third where somebody
shifts again. A Gearbox says which run and when all have ended; where their turns are made, its two kinds say.
"""

from __future__ import annotations

import contextlib
import os
import select
from threading import Event, Lock, Thread

from gearshift.errors import GearshiftError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LAST_MOMENT = 1.0  # seconds that an engine's thread has to end once its engine has
LEAVING = 1.0  # seconds that shift() waits for the last connection to leave the former engine


class ShiftError(GearshiftError):
    """The engine can't be changed, now or here."""


class Gear:
    """An engine that runs, or is about to: its name, the threads asked for, whether it has begun and ended."""

    __slots__ = ("begun", "ended", "engine", "failure", "in_gear", "name", "threads")

    def __init__(self, name: str, threads: int, engine: Any) -> None:
        self.name = name
        self.threads = threads
        self.engine = engine
        self.begun = Event()
        self.in_gear = Event()
        self.ended = Event()
        self.failure: OSError | None = None  # why it could not begin


class Gearbox:
    """What the kinds of gearboxes share. make: a gear of that name and number of threads.

    Nobody waits for a lock but those who shift. drain() and stop() may be called by a signal's handler, in the very
    thread that a shift waits for: what they ask is noted before the running gears are told, and a gear that comes to
    run looks at the note when it is among them. So it hears of it one way or the other.
    """

    def __init__(self, make: Callable[[str, int], Gear], name: str, threads: int) -> None:
        self._make = make
        self._shifting = Lock()
        self._drain_seconds = -1.0  # below 0: nobody has asked
        self._stop_asked = False
        self._leaving = False
        self._retired_to: Any = None
        self.gear = make(name, threads)
        self.gear.in_gear.set()
        self.running: list[Gear] = [self.gear]
        self.cut = False  # an engine had to end connections that still had something under way
        self.failure: BaseException | None = None

    def run(self, ready: Callable[[], object], signals: int = -1) -> None:
        """Serves until every engine has ended. ready: told when requests are answered. signals: a descriptor that is
        readable when a signal's handler is to run in the calling thread.
        """
        raise NotImplementedError

    def shift(self, name: str, threads: int) -> tuple[str, int]:
        """Serves with that engine from now on. The former one's name, and how many connections it still has after a
        moment: they follow as soon as what runs on them is answered. Raises ShiftError.
        """
        with self._shifting:
            former = self.gear
            self._refuse_if_ending()
            try:
                gear = self._make(name, threads)
            except OSError as error:
                raise ShiftError(f"the engine can't be made: {error}") from None
            self._engage(gear, former)
        former.ended.wait(LEAVING)
        return former.name, former.engine.connections

    def drain(self, seconds: float) -> None:
        """Stop accepting, answer what was received, close; at the latest after that many seconds. From any thread."""
        self._drain_seconds = seconds
        for gear in list(self.running):
            gear.engine.drain(seconds)

    def leave(self, alone: bool) -> None:
        """Serve on; the drain follows soon. alone: no raw handler is served, to whom draining would be the end: then
        each answer is its connection's last from now on.
        """
        self._leaving = True
        for gear in list(self.running) if alone else ():
            gear.engine.service.draining = True

    def retire(self, successor: Any) -> None:
        """Accept nothing more, and give each connection to another process between two of its requests. For as long
        as that takes; drain() ends it. successor: stands for that process. From any thread.
        """
        with self._shifting:
            self._retired_to = successor
            for gear in list(self.running):
                gear.engine.hand_over(successor)

    def receive(self, connection: Any) -> None:
        """A connection that another process has given away, for the engine in gear."""
        with self._shifting:  # the former one may be about to end
            self.gear.engine.take(connection)

    def stop(self) -> None:
        """End now. From any thread."""
        self._stop_asked = True
        for gear in list(self.running):
            gear.engine.stop()

    def close(self) -> None:
        """Lets go of the engines' descriptors. May be called again."""
        self.gear.engine.close_descriptors()

    def own_sockets(self) -> list[int]:
        """Descriptors of sockets that are neither listeners nor connections."""
        return []

    def _engage(self, gear: Gear, former: Gear) -> None:
        """Lets the gear run, and the former one hand over to it."""
        raise NotImplementedError

    def _refuse_if_ending(self) -> None:
        ending = self._drain_seconds >= 0 or self._stop_asked
        if ending or self._leaving or self._retired_to is not None:
            raise ShiftError("the server is being stopped")

    def _take_over(self, gear: Gear) -> None:
        """The gear runs: all others hand over to it. (Not to each other: one of them may have ended by then.)"""
        self.gear = gear
        for other in list(self.running):
            if other is not gear:
                other.engine.hand_over(gear.engine)
        if self._drain_seconds >= 0:
            gear.engine.drain(self._drain_seconds)
        if self._stop_asked:
            gear.engine.stop()
        gear.in_gear.set()

    def _over(self, gear: Gear) -> bool:
        """That gear has ended; True where it was the last."""
        self.cut = self.cut or gear.engine.cut
        self.running.remove(gear)
        if gear is not self.gear:
            gear.engine.close_descriptors()
        gear.ended.set()
        return not self.running


class ThreadedGearbox(Gearbox):
    """Each engine runs in a thread of its own; the calling thread only waits, and so hears of every signal."""

    def __init__(self, make: Callable[[str, int], Gear], name: str, threads: int) -> None:
        super().__init__(make, name, threads)
        self._all_ended = os.eventfd(0, os.EFD_CLOEXEC)
        self._threads: list[Thread] = []

    def run(self, ready: Callable[[], object], signals: int = -1) -> None:
        self._start(self.gear)
        if self.gear.failure is not None:
            raise self.gear.failure
        ready()
        poller = select.poll()
        poller.register(self._all_ended, select.POLLIN)
        if signals >= 0:
            poller.register(signals, select.POLLIN)
        while self.running:
            for descriptor, _ in poller.poll():
                if descriptor == signals:
                    discard(signals)
        for thread in self._threads:
            thread.join(LAST_MOMENT)
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        super().close()
        if self._all_ended >= 0:
            os.close(self._all_ended)
            self._all_ended = -1

    def _engage(self, gear: Gear, former: Gear) -> None:
        self.running.append(gear)  # first: the server has not ended while this is going on
        try:
            self._refuse_if_ending()
            self._start(gear)
            if gear.failure is not None:
                raise ShiftError(f"the engine can't begin: {gear.failure}")
        except (RuntimeError, ShiftError) as error:
            self.running.remove(gear)
            gear.engine.close_descriptors()
            if isinstance(error, ShiftError):
                raise
            raise ShiftError(f"no thread for the engine: {error}") from None
        self._take_over(gear)

    def _start(self, gear: Gear) -> None:
        """Returns when the engine has begun, or could not."""
        thread = Thread(target=self._run, args=(gear,), name=gear.name, daemon=True)
        thread.start()
        self._threads = [*filter(Thread.is_alive, self._threads), thread]
        gear.begun.wait()

    def _run(self, gear: Gear) -> None:
        try:
            gear.engine.begin()  # in the thread that will run it: a ring belongs to one
        except OSError as error:
            gear.failure = error
            return
        finally:
            gear.begun.set()
        gear.in_gear.wait()
        try:
            gear.engine.run()
        except BaseException as error:
            self.failure = error
            self.stop()
        finally:
            if self._over(gear):
                os.eventfd_write(self._all_ended, 1)


def discard(descriptor: int) -> None:
    """Takes the bytes that say that signals have come; their handlers run without them."""
    with contextlib.suppress(BlockingIOError):
        os.read(descriptor, 4096)
