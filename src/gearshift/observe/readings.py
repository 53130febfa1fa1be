"""What the sampler reads each time: of the kernel, a few options and files; of the engines, numbers that are there."""

from __future__ import annotations

import socket
from functools import partial
from typing import NamedTuple

from gearshift.kernel.host_counters import HostCounters, host_counters
from gearshift.kernel.listening import Listening, accept_queue_depth
from gearshift.observe.queues import queue_seen
from gearshift.observe.seldom import Seldom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.gearbox import Gearbox
    from gearshift.listeners import Listener


class Totals(NamedTuple):
    """accepted, requests, shed: since the start. running, waiting, connections: now."""

    accepted: int
    requests: int
    shed: int
    running: int
    waiting: int
    connections: int


SYN_REST = 1000  # the kernel has no number for them: each look is a walk through all its TCP sockets


class Readings:
    """Of one server. half_open: the SYN queues by the listeners' descriptors."""

    def __init__(
        self,
        gearbox: Gearbox,
        listeners: Sequence[Listener],
        half_open: Seldom[dict[int, int | None]],
    ) -> None:
        self._gearbox = gearbox
        self.listeners = listeners
        self._half_open = half_open
        # The depth of a Unix socket's queue stands in a table of all Unix sockets of the machine.
        self._dear = [
            Seldom(partial(queue_seen, listener.fd)) if listener.family == socket.AF_UNIX else None
            for listener in listeners
        ]

    @property
    def engine(self) -> str:
        return self._gearbox.gear.name

    def depths(self) -> list[int | None]:
        """Of each listener's accept queue; None of one that is closed."""
        return [*map(_depth, self.listeners, self._dear)]

    def queues(self) -> list[Listening]:
        """All that is known of them; UNKNOWN of a listener that is closed."""
        return [
            queue_seen(listener.fd) if dear is None or listener.fd < 0 else dear.value()
            for listener, dear in zip(self.listeners, self._dear, strict=True)
        ]

    def half_open(self) -> tuple[dict[int, int | None], float]:
        """By the listeners' descriptors, and how many seconds ago: a thousandth of the time goes into it."""
        return self._half_open.value_and_age(SYN_REST)

    def accepted(self) -> int:
        return int(self._gearbox.gear.engine.service.counts.accepted)

    def totals(self) -> Totals:
        running = [*self._gearbox.running]
        counts = self._gearbox.gear.engine.service.counts
        return Totals(
            counts.accepted,
            counts.requests,
            counts.shed_full + counts.shed_overdue,
            sum(gear.engine.service.running for gear in running),
            sum(len(gear.engine.waiting) for gear in running),
            sum(gear.engine.connections for gear in running),
        )

    def host(self) -> HostCounters | None:
        return host_counters()


def _depth(listener: Listener, dear: Seldom[Listening] | None) -> int | None:
    if listener.fd < 0:
        return None
    if dear is not None:
        return dear.value().accept_queue
    try:
        return accept_queue_depth(listener.socket)
    except OSError:  # closed meanwhile
        return None
