"""Engines: policies for who does a connection's next step, and how it waits.

Every engine is made from a Workplace and has the same verbs: run() serves in the calling thread until everything
is closed; drain(seconds) and stop() may be called from any thread, at any time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.exchange import Service
    from gearshift.listeners import Listener
    from gearshift.observe.error_log import ErrorLog

ENGINES = {
    "thread": "gearshift.engines.thread:ThreadEngine",
    "pool": "gearshift.engines.pool:PoolEngine",
    "epoll": "gearshift.engines.epoll:EpollEngine",
    "uring": "gearshift.engines.uring:UringEngine",
    "auto": "gearshift.engines.auto:AutoEngine",
}
# A coroutine can't be handed to another thread.
ENGINES_FOR_ASGI = ENGINES | {
    "pool": "gearshift.engines.poller:PollerEngine",
    "auto": "gearshift.engines.watched:WatchedEpollEngine",
}


class Timeouts:
    """How long each kind of waiting may last, in seconds; the same in every engine."""

    __slots__ = ("body", "head", "idle", "linger", "write")

    def __init__(self, idle: float, head: float, body: float, write: float, linger: float = 2.0) -> None:
        self.idle = idle
        self.head = head
        self.body = body
        self.write = write
        self.linger = linger

    def lists(self) -> Any:
        """Empty deadline lists with these durations."""
        from gearshift.engines.deadlines import DeadlineLists

        return DeadlineLists(self.idle, self.head, self.body, self.write, self.linger)


class Workplace:
    """What an engine is given: whom it serves, through which listeners, within which limits."""

    __slots__ = (
        "balance",
        "listeners",
        "max_connections",
        "max_requests",
        "max_waiting",
        "preload",
        "queue_delay",
        "service",
        "threads",
        "timeouts",
    )

    def __init__(
        self,
        service: Service,
        listeners: list[Listener],
        timeouts: Timeouts,
        *,
        max_connections: int,
        max_requests: int = 10_000,
        threads: int,
        preload: bool,
        max_waiting: int,
        queue_delay: float = 0.1,
    ) -> None:
        self.service = service
        self.listeners = listeners
        self.balance = next((each.balance for each in listeners if each.balance is not None), None)
        self.timeouts = timeouts
        self.max_connections = max_connections
        self.max_requests = max_requests
        self.threads = threads
        self.preload = preload
        self.max_waiting = max_waiting
        self.queue_delay = queue_delay


def engine_to_be_had(name: str, error_log: ErrorLog) -> str:
    """That engine; epoll in the place of uring where the kernel refuses it, and then it says so."""
    if name == "uring":
        from gearshift.engines.ring import refusal

        reason = refusal()
        if reason:
            error_log.warning(f"the engine uring can't be had, epoll serves instead: {reason}")
            return "epoll"
    return name


def make_engine(name: str, workplace: Workplace, asgi: bool = False) -> Any:
    """The engine of that name, imported only now: `serve` needs one of them. asgi: for a loop of asyncio."""
    from importlib import import_module

    module, _, attribute = (ENGINES_FOR_ASGI if asgi else ENGINES)[name].partition(":")
    return getattr(import_module(module), attribute)(workplace)
