"""A thread that looks once a second at what runs too long: handlers, and an event loop that does not come round.

A handler over `--slow-request` is told once in the error log, with its stack. One of an ASGI application over
`--request-timeout` is cancelled. A thread can't be stopped from outside in Python, so a WSGI handler is only told.
"""

from __future__ import annotations

from threading import Event, Thread

from gearshift.floor import FLOOR
from gearshift.observe.seen_connection import seen
from gearshift.observe.stacks import stack_of_task, stack_of_thread
from gearshift.told import client_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from gearshift.connection import Connection
    from gearshift.exchange import Exchange
    from gearshift.observe.error_log import ErrorLog
    from gearshift.observe.loop_lag import LoopLag
    from gearshift.roster import Roster

INTERVAL = 1.0  # seconds between two looks
LEAST_INTERVAL = 0.05
TOLD = 4096  # requests of which it is remembered that they were told


class Lookout:
    """slow, timeout: seconds; 0 is off. tasks: those of an ASGI application and what each answers. loop: its lag.
    clock: monotonic. pause: waits that many seconds and says whether to end.
    """

    def __init__(
        self,
        roster: Callable[[], Roster],
        tasks: Mapping[Any, Exchange],
        loop: LoopLag,
        error_log: ErrorLog,
        *,
        slow: float,
        timeout: float,
        clock: Callable[[], float],
        at_each_look: Callable[[], object] = lambda: None,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self._roster = roster
        self._tasks = tasks
        self._loop = loop
        self._error_log = error_log
        self._slow = slow
        self._timeout = timeout
        self._clock = clock
        self._at_each_look = at_each_look
        self._ended = Event()
        self._pause = pause or self._ended.wait
        self._told: dict[tuple[int, int], None] = {}  # connection and which of its requests
        self._thread = Thread(target=self._run, name="lookout", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for it."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def interval(self) -> float:
        """Seconds between two looks: a quarter of what is to be noticed, once a second at most."""
        wanted = [seconds for seconds in (self._slow, self._timeout) if seconds > 0]
        return max(LEAST_INTERVAL, min([INTERVAL, *(seconds / 4 for seconds in wanted)]))

    def _run(self) -> None:
        while not self._pause(self.interval):
            try:
                self.look()
            except Exception as error:  # of the lookout itself: it must not cost the next look
                self._error_log.exception("error while looking for slow requests", error)

    def look(self) -> None:
        """One look: asks the loop, tells what is slow, ends what has had its time."""
        self._loop.ask()
        self._at_each_look()
        if self._slow <= 0 and self._timeout <= 0:
            return
        threshold = min(seconds for seconds in (self._slow, self._timeout) if seconds > 0)
        for found in self.running(threshold):
            if self._slow > 0 and found["seconds"] >= self._slow:
                self._tell(found)
            if self._timeout > 0 and found["seconds"] >= self._timeout:
                self._end(found)

    def running(self, seconds: float) -> list[dict[str, Any]]:
        """Handlers that have run at least so long, longest first: what `stuck[]` of status has, and the exchange."""
        now = self._clock()
        answering = {id(exchange): task for task, exchange in list(self._tasks.items())}
        found = []
        for connection in self._roster().in_hand():
            with FLOOR:
                doing, since, method, path, exchange = seen(connection)
                if doing != "in handler" or not since or now - since < seconds or exchange is None:
                    continue
                task = answering.get(id(exchange))
                found.append(self._described(connection, exchange, task, now - since))
            found[-1]["request"] = f"{(method or b'').decode('latin-1')} {(path or b'').decode('latin-1')}"
        return sorted(found, key=lambda entry: -entry["seconds"])

    def _described(
        self, connection: Connection, exchange: Exchange, task: Any, seconds: float
    ) -> dict[str, Any]:
        from gearshift.observe.connection_table import thread_names

        if task is None:
            owner = thread_names().get(connection.driver.thread, "a thread that has ended")
            stack = stack_of_thread(connection.driver.thread)
        else:
            owner, stack = f"task {task.get_name()}", stack_of_task(task)
        return {
            "request": "",
            "connection": connection.number,
            "remote": client_of(exchange) or None,
            "owner": owner,
            "seconds": seconds,
            "stack": stack,
            "exchange": exchange,
            "of": (connection.number, connection.requests),
        }

    def _tell(self, found: Mapping[str, Any]) -> None:
        if found["of"] in self._told:
            return
        self._told[found["of"]] = None
        while len(self._told) > TOLD:
            del self._told[next(iter(self._told))]
        self._error_log.warning(
            f"{found['request']} has run for {found['seconds']:.1f} s, on connection {found['connection']} from"
            f" {found['remote'] or 'a Unix socket'}, in {found['owner']}:",
            "\n".join(found["stack"]),
        )

    def _end(self, found: Mapping[str, Any]) -> None:
        """Of an ASGI application; a thread can't be stopped."""
        time_out = getattr(found["exchange"], "time_out", None)
        if time_out is not None:
            time_out()
