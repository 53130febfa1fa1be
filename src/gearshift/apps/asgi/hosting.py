"""Where an ASGI application's coroutines run: on one stock asyncio loop, in the thread that serves, for the server's
whole life. An engine that can be a selector is the loop's; beside one that blocks, the loop waits on an engine without
listeners. So the loop, and all that an application has bound to it, stays when the engine is changed.
"""

from __future__ import annotations

import asyncio
import collections.abc
import concurrent.futures
import contextlib
import selectors
from threading import Thread
from typing import Any

from gearshift.apps.asgi.lifespan import Lifespan
from gearshift.gearbox import LAST_MOMENT, Gear, Gearbox, ShiftError, discard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gearshift.apps.asgi.application import AsgiApplication
    from gearshift.observe.error_log import ErrorLog

LAST_WORDS = 5.0  # seconds that background tasks have after the last connection
HELD_UP = 5.0  # seconds after which an event loop that does not answer is said to be held up


class AsgiGearbox(Gearbox):
    """The engines of a server whose application is ASGI, and the loop that it lives on.

    make_bare: an engine without listeners, for the loop to wait on beside engines that block. patience: seconds that
    calls of the application have after the last connection, LAST_WORDS at most.
    """

    def __init__(
        self,
        make: Callable[[str, int], Gear],
        name: str,
        threads: int,
        make_bare: Callable[[], Any],
        application: AsgiApplication,
        error_log: ErrorLog,
        patience: float,
    ) -> None:
        super().__init__(make, name, threads)
        self._make_bare = make_bare
        self._application = application
        self._error_log = error_log
        self._patience = patience
        self._loop: asyncio.SelectorEventLoop | None = None
        self._starting: asyncio.Task[None] | None = None
        self._threads: list[Thread] = []  # of engines that block
        self.companions: list[
            Callable[[asyncio.AbstractEventLoop], object]
        ] = []  # told the loop before it runs
        self._selector = EngineSelector(self._selector_beside(self.gear))

    def run(self, ready: Callable[[], object], signals: int = -1) -> None:
        """As Gearbox.run(); raises StartupFailedError where the application can't start."""
        self._loop = loop = asyncio.SelectorEventLoop(self._selector)
        self._selector.when_stopped = self._has_stopped
        self._application.attach(loop)
        for attach in self.companions:
            attach(loop)
        if signals >= 0:
            loop.add_reader(signals, discard, signals)
        try:
            lifespan = Lifespan(self._application, self._error_log)
            if not self._start_up(loop, lifespan):
                return
            self._begin(self.gear)
            ready()
            run_loop(loop, self._error_log)
            loop.run_until_complete(_end(self, self._application, lifespan, self._error_log, self._patience))
        finally:
            for thread in self._threads:
                thread.join(LAST_MOMENT)
            if signals >= 0:
                loop.remove_reader(signals)
            close_loop(loop)
        if self.failure is not None:
            raise self.failure

    def own_sockets(self) -> list[int]:
        """The pair by which asyncio wakes its loop; of its own accord it doesn't tell."""
        pair = (getattr(self._loop, name, None) for name in ("_ssock", "_csock"))
        return [sock.fileno() for sock in pair if sock is not None]

    def _start_up(self, loop: asyncio.AbstractEventLoop, lifespan: Lifespan) -> bool:
        """False where the server was stopped meanwhile."""
        self._starting = loop.create_task(lifespan.startup())
        if self.gear.engine.service.draining:
            self._starting.cancel()
        try:
            loop.run_until_complete(self._starting)
        except asyncio.CancelledError:
            loop.run_until_complete(lifespan.shutdown())
            return False
        finally:
            self._starting = None
        return True

    def drain(self, seconds: float) -> None:
        super().drain(seconds)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # closed: the application has ended already
                self._loop.call_soon_threadsafe(self._cancel_startup)
                self._loop.call_soon_threadsafe(self._application.go_away)

    def _cancel_startup(self) -> None:
        if self._starting is not None:
            self._starting.cancel()

    # ---- engines, in the loop's thread -------------------------------------------------------------------

    def _selector_beside(self, gear: Gear) -> Any:
        return gear.engine if gear.engine.is_selector else self._make_bare()

    def _begin(self, gear: Gear) -> None:
        assert self._loop is not None
        engine = gear.engine
        if not engine.is_selector:
            thread = Thread(target=self._run_beside, args=(gear,), name=gear.name, daemon=True)
            thread.start()
            self._threads = [*filter(Thread.is_alive, self._threads), thread]
            return
        if engine.is_watched:
            from gearshift.apps.asgi.held_loop import HeldLoop

            engine.reporter = HeldLoop(self._application, self._error_log, self._loop)
        engine.begin()

    def _run_beside(self, gear: Gear) -> None:
        assert self._loop is not None
        try:
            gear.engine.run()
        except BaseException as error:
            self.failure = error
            self.stop()
        finally:
            self._loop.call_soon_threadsafe(self._gear_is_over, gear)

    def _has_stopped(self, engine: Any) -> None:
        """An engine that is a selector has stopped; the bare one never does."""
        for gear in self.running:
            if gear.engine is engine:
                self._gear_is_over(gear)
                break

    def _gear_is_over(self, gear: Gear) -> None:
        assert self._loop is not None
        if gear not in self.running:
            gear.engine.close_descriptors()  # the shift to it has failed
        elif self._over(gear):
            if self._starting is not None:
                self._starting.cancel()
            else:
                self._loop.stop()

    def _engage(self, gear: Gear, former: Gear) -> None:
        """Called in the thread of whoever shifts; done in the loop's."""
        assert self._loop is not None
        done: concurrent.futures.Future[None] = concurrent.futures.Future()
        try:
            self._loop.call_soon_threadsafe(self._engage_here, gear, former, done)
            done.result(HELD_UP)
        except RuntimeError as error:
            raise ShiftError(f"the application's event loop has ended: {error}") from None
        except TimeoutError:
            if done.cancel():
                raise ShiftError(f"the application has held up its event loop for {HELD_UP:g} s") from None
            done.result()

    def _engage_here(self, gear: Gear, former: Gear, done: concurrent.futures.Future[None]) -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            self._refuse_if_ending()
            self._shift_here(gear, former)
        except ShiftError as error:
            done.set_exception(error)
        except Exception as error:  # no ring, no thread, no descriptor: whoever shifts waits to hear of it
            done.set_exception(ShiftError(f"the engine can't begin: {error}"))
        else:
            done.set_result(None)

    def _shift_here(self, gear: Gear, former: Gear) -> None:
        beside = None
        try:
            if gear.engine.is_selector or former.engine.is_selector:
                beside = self._selector_beside(gear)
            self._begin(gear)
        except BaseException:
            gear.engine.close_descriptors()
            if beside is not None:
                beside.close_descriptors()
            raise
        self.running.append(gear)
        if beside is not None:
            self._selector.change_engine(beside)
        self._take_over(gear)


def run_loop(loop: asyncio.AbstractEventLoop, error_log: ErrorLog) -> None:
    """Runs until loop.stop(). asyncio lets SystemExit and KeyboardInterrupt out of a task and out of the loop: an
    application that raises them has failed one request, not ended the server.
    """
    while True:
        try:
            return loop.run_forever()
        except (SystemExit, KeyboardInterrupt) as error:
            error_log.exception("an application's task tried to end the server", error)


async def _end(
    gearbox: Gearbox, application: AsgiApplication, lifespan: Lifespan, error_log: ErrorLog, patience: float
) -> None:
    """Lets background work finish, then the application; a server that had to cut connections waits no more."""
    tasks = set(application.tasks)
    if tasks and not gearbox.cut:
        _, tasks = await asyncio.wait(tasks, timeout=min(patience, LAST_WORDS))
    if tasks:
        error_log.warning(
            f"{len(tasks)} calls of the application are cancelled: they outlived their connections"
        )
        application.ending = True
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=min(patience, LAST_WORDS))
    await lifespan.shutdown()


def close_loop(loop: asyncio.AbstractEventLoop) -> None:
    """As asyncio.run() ends a loop: what still runs is cancelled, generators and executors are closed."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


class EngineSelector(selectors.BaseSelector):
    """An engine as the selector of an asyncio loop: while asyncio waits, the engine serves. Those before it are given
    a turn beside it, until they have handed over their connections.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._leaving: list[Any] = []
        self._keys: dict[int, selectors.SelectorKey] = {}
        self.when_stopped: Callable[[Any], object] = lambda engine: None

    def change_engine(self, engine: Any) -> None:
        """asyncio waits on that engine from now on."""
        former, self._engine = self._engine, engine
        for key in self._keys.values():
            former.forget_foreign(key.fd)
            self._watch(key, known=False)
        for leaving in self._leaving:  # the former one may be gone before them
            former.forget_foreign(leaving.descriptor)
        self._leaving.append(former)
        for leaving in self._leaving:
            engine.watch_foreign(leaving.descriptor, True, False, False)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        descriptor = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if descriptor in self._keys:
            raise KeyError(f"descriptor {descriptor} is registered already")
        key = selectors.SelectorKey(fileobj, descriptor, events, data)
        self._watch(key, known=False)
        self._keys[descriptor] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = self.get_key(fileobj)
        del self._keys[key.fd]
        self._engine.forget_foreign(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self.get_key(fileobj)._replace(events=events, data=data)
        self._watch(key, known=True)
        self._keys[key.fd] = key
        return key

    def _watch(self, key: selectors.SelectorKey, known: bool) -> None:
        readable = bool(key.events & selectors.EVENT_READ)
        writable = bool(key.events & selectors.EVENT_WRITE)
        self._engine.watch_foreign(key.fd, readable, writable, known)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = []
        patience = -1.0 if timeout is None else max(timeout, 0.0)
        for engine in self._leaving:
            due = engine.patience()
            patience = due if patience < 0 else min(patience, due)
        if self._engine.stopped:
            patience = 0.0  # it was stopped before the loop ran
        for descriptor, readable, writable in self._engine.select(patience):
            key = self._keys.get(descriptor)
            if key is not None:
                events = (selectors.EVENT_READ if readable else 0) | (
                    selectors.EVENT_WRITE if writable else 0
                )
                ready.append((key, events & key.events))
        if self._leaving:
            self._let_leave()
        if self._engine.stopped:
            self.when_stopped(self._engine)
        return ready

    def _let_leave(self) -> None:
        """A turn for each engine that has connections left; one without listeners has none and is done with."""
        for engine in list(self._leaving):
            engine.select(0)
            if engine.stopped or not engine.listeners:
                self._leaving.remove(engine)
                self._engine.forget_foreign(engine.descriptor)
                engine.close_descriptors()
                self.when_stopped(engine)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        descriptor = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        try:
            return self._keys[descriptor]
        except KeyError:
            if not isinstance(fileobj, int):  # it may be closed already
                for key in self._keys.values():
                    if key.fileobj is fileobj:
                        return key
            raise KeyError(f"{fileobj!r} is not registered") from None

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return _Keys(self)

    def close(self) -> None:
        self._keys.clear()
        for engine in (*self._leaving, self._engine):
            engine.close_descriptors()  # in the thread that owns them


class _Keys(collections.abc.Mapping[Any, selectors.SelectorKey]):
    """A selector's keys by file object or descriptor: asyncio looks into it for every descriptor it adds."""

    def __init__(self, selector: EngineSelector) -> None:
        self._selector = selector

    def __getitem__(self, fileobj: Any) -> selectors.SelectorKey:
        return self._selector.get_key(fileobj)

    def __iter__(self) -> Iterator[Any]:
        return (key.fileobj for key in self._selector._keys.values())

    def __len__(self) -> int:
        return len(self._selector._keys)
