"""Everything that can be seen of a running server, and the little that can be done to it: for the control socket, the
status page, metrics and programs. docs/status-schema.md says what each value means.
"""

from __future__ import annotations

from time import monotonic, time

from gearshift.errors import GearshiftError
from gearshift.observe.lookout import Lookout
from gearshift.observe.loop_lag import LoopLag
from gearshift.observe.sampling import Sampling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from gearshift.gearbox import Gearbox
    from gearshift.listeners import Listener
    from gearshift.observe.error_log import ErrorLog
    from gearshift.observe.own_descriptors import OwnDescriptors
    from gearshift.raw.endpoint import Endpoint
    from gearshift.roster import Roster
    from gearshift.settings import Settings


class NoSuchConnectionError(GearshiftError):
    """The connection is closed by now, or never was."""


class Observer:
    """Of one server, from any thread, at any time from when it has its engine until it is closed.

    adapter: the application behind its interface. application: its name. endpoints: sockets of datagrams.
    """

    def __init__(
        self,
        gearbox: Gearbox,
        listeners: Sequence[Listener],
        adapter: Any,
        application: str,
        settings: Settings,
        error_log: ErrorLog,
        own_descriptors: Callable[[], OwnDescriptors],
        endpoints: Sequence[Endpoint] = (),
    ) -> None:
        self._endpoints = endpoints
        self._gearbox = gearbox
        self._listeners = listeners
        self._application = application
        self._settings = settings
        self._tasks: Mapping[Any, Any] = getattr(adapter, "tasks", {})
        self._began = monotonic()
        self._sampling = Sampling(gearbox, listeners, own_descriptors, error_log)
        self._loop = LoopLag(lambda: getattr(adapter, "loop", None))
        self._lookout = Lookout(
            self._roster,
            self._tasks,
            self._loop,
            error_log,
            slow=settings.slow_request,
            timeout=settings.request_timeout,
            clock=monotonic,
            at_each_look=self._note_accept_wait,
        )

    def serving_begins(self) -> None:
        """Requests are answered from now on."""
        self._began = monotonic()
        self._lookout.start()
        self._sampling.start(self._began)

    def close(self) -> None:
        """Ends what looks by itself. May be called again."""
        self._lookout.stop()
        self._sampling.stop()

    def _roster(self) -> Roster:
        roster: Roster = self._gearbox.gear.engine.service.roster
        return roster

    def _note_accept_wait(self) -> None:
        """For the requests to come: what the sampler has found of late."""
        waited = self.accept_wait()
        self._gearbox.gear.engine.service.times.accept_wait = -1.0 if waited is None else waited

    def history(self, since: object = 0.0) -> dict[str, Any]:
        """`history` of docs/status-schema.md: what ended after `since`, in Unix time. Raises WrongValueError."""
        return self._sampling.history(since)

    def accept_wait(self) -> float | None:
        """How long those who are accepted about now have waited, estimated: see observe/accept_wait.py."""
        return self._sampling.accept_wait()

    def status(self) -> dict[str, Any]:
        """As docs/status-schema.md has it."""
        from gearshift.observe.connection_table import connection_table  # serving needs none of it
        from gearshift.observe.status import status
        from gearshift.observe.thread_table import pool_of, thread_table

        gear, running = self._gearbox.gear, list(self._gearbox.running)
        seen = status(
            self._gearbox,
            self._listeners,
            self._application,
            monotonic() - self._began,
            self._sampling.descriptor_use,
            self._sampling.half_open,
        )
        rows, serving = connection_table(self._roster(), self._tasks)
        times = gear.engine.service.times
        return {
            **seen,
            "endpoints": [endpoint.seen() for endpoint in self._endpoints],
            "connections": rows,
            "threads": thread_table(running, serving),
            "pool": pool_of(gear, rows, serving),
            "loop": self._loop.told(),
            "times": {"kinds": times.kinds(), "slowest": times.slowest_since(time())},
            "stuck": self._stuck(),
        }

    def _stuck(self) -> list[dict[str, Any]]:
        slow = self._settings.slow_request
        if slow <= 0:
            return []
        return [
            {key: value for key, value in found.items() if key not in ("exchange", "of")}
            for found in self._lookout.running(slow)
        ]

    def close_connection(self, number: int) -> None:
        """Ends that connection at once, whatever it does. Raises NoSuchConnectionError."""
        from gearshift.engines.transport import hang_up

        for connection in self._roster().all():
            if connection.number == number and hang_up(connection):
                return
        raise NoSuchConnectionError(f"found no open connection {number}, expected one of those in status")

    def stacks(self) -> list[dict[str, Any]]:
        """Where every thread stands: `name`, `native_id`, and `stack`, its lines, outermost first."""
        from gearshift.observe.stacks import stacks

        return stacks()
