"""The table of threads: what each does for the server, and how the pool as a whole stands.

Who serves what is taken from the table of connections; a thread's time on the processor is asked by its clock, without
letting go of the interpreter. The kernel's own word for its state costs a file each: beyond so many threads it is not
asked for.
"""

from __future__ import annotations

import sys
import threading
from time import clock_gettime

from gearshift.floor import FLOOR
from gearshift.observe.threads import state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from gearshift.gearbox import Gear

MOST_ASKED = 256  # threads whose state is read from /proc
SERVERS = (
    "control",
    "monitor",
    "sampler",
    "lookout",
    "status",
    "watch",
    "MainThread",
    "gearshift",
)  # names begin so


def thread_table(gears: Sequence[Gear], serving: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each thread that Python knows. serving: the row of the connection that a thread has a request of."""
    threads = threading.enumerate()
    roles = _roles(gears, threads)
    frames = sys._current_frames()
    asks = len(threads) <= MOST_ASKED
    return [_row(thread, roles, serving.get(thread.ident or 0), frames, asks) for thread in threads]


def _roles(gears: Sequence[Gear], threads: Sequence[threading.Thread]) -> dict[int, str]:
    """By ident: who accepts, who polls, who works, whose thread belongs to a connection."""
    # An engine's own thread has its name: it accepts, or only waits for the others.
    own = {gear.name: "accept" if gear.name == "thread" else "server" for gear in gears}
    roles = {thread.ident or 0: own[thread.name] for thread in threads if thread.name in own}
    for gear in gears:
        engine = gear.engine
        for worker in list(getattr(engine, "workers", ())):
            roles[worker.thread] = "worker"
        with FLOOR:
            for connection in list(getattr(engine, "open", {}).values()):
                roles[connection.driver.thread] = "connection"
        if hasattr(engine, "thread"):
            roles[engine.thread] = {"pool": "poller", "auto": "leader"}.get(gear.name, "loop")
            if engine.is_selector:
                roles[engine.thread] = "loop"
    return roles


def _row(
    thread: threading.Thread,
    roles: Mapping[int, str],
    served: Mapping[str, Any] | None,
    frames: Mapping[int, Any],
    asks: bool,
) -> dict[str, Any]:
    ident, native_id = thread.ident or 0, thread.native_id or 0
    role = roles.get(ident) or ("server" if thread.name.startswith(SERVERS) else "other")
    frame = frames.get(ident)
    if served is not None:
        state = served["phase"]
    elif role in ("leader", "poller", "loop"):
        state = "polling"
    elif role in ("worker", "connection"):
        state = "idle"
    else:
        state = state_of(native_id) if asks else ""
    return {
        "name": thread.name,
        "native_id": native_id,
        "role": role,
        "state": state,
        "seconds": None if served is None else served["phase_seconds"],
        "request": None if served is None else f"{served['method']} {served['path']}",
        "connection": None if served is None else served["number"],
        "cpu_seconds": processor_seconds(native_id),
        "where": ""
        if frame is None
        else f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}",
    }


def processor_seconds(native_id: int) -> float | None:
    """User and system time of a thread; None where it has ended. Its clock's number is made from the thread's as
    clock_getcpuclockid(3) does (CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED in linux/posix-timers.h).
    """
    try:
        return clock_gettime((~native_id << 3) | 6)
    except OSError:
        return None


def pool_of(
    gear: Gear, rows: Sequence[Mapping[str, Any]], serving: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any] | None:
    """How the threads of an engine that has a pool of them stand. rows, serving: the table of connections."""
    engine = gear.engine
    workers = getattr(engine, "workers", None)
    if workers is None:
        return None
    busy = sum(worker.thread in serving for worker in list(workers))
    waits = [row["phase_seconds"] or 0.0 for row in rows if row["phase"] == "waiting"]
    return {
        "threads": len(workers),
        "most_threads": engine.most_workers,
        "busy": busy,
        "idle": len(workers) - busy,
        "queue": len(engine.waiting),
        "longest_wait_seconds": max(waits, default=0.0),
        "leader_changes": getattr(engine, "relieved", None),
    }
