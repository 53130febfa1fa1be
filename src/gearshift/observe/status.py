"""What a server says of itself when it is asked: plain values, so that they can be printed, sent and compared."""

from __future__ import annotations

import os

from gearshift.observe.interpreter import interpreter_in_words
from gearshift.observe.queues import host_seen, listeners_seen
from gearshift.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gearshift.gearbox import Gear, Gearbox
    from gearshift.listeners import Listener
    from gearshift.observe.descriptor_use import DescriptorUse
    from gearshift.observe.seldom import Seldom


def status(
    gearbox: Gearbox,
    listeners: Sequence[Listener],
    application: str,
    uptime: float,
    descriptor_use: DescriptorUse,
    half_open: Seldom[dict[int, int | None]],
) -> dict[str, Any]:
    """Engine, listeners and their queues, descriptors, counts. uptime: seconds since requests were first answered."""
    current, running = gearbox.gear, list(gearbox.running)
    counts = current.engine.service.counts.as_dict()
    return {
        "version": __version__,
        "interpreter": interpreter_in_words(),
        "pid": os.getpid(),
        "application": application,
        "uptime_seconds": uptime,
        "engine": current.name,
        "threads_asked": current.threads,
        "workers": [
            {
                "pid": os.getpid(),
                "engine": current.name,
                "connections": sum(gear.engine.connections for gear in running),
            }
        ],
        "leaving": [
            {"engine": gear.name, "connections": gear.engine.connections}
            for gear in running
            if gear is not current
        ],
        "listeners": listeners_seen(listeners, half_open.value()),
        "descriptors": descriptor_use.seen(),
        "host": host_seen(),
        "open_connections": sum(gear.engine.connections for gear in running),
        "requests": {
            "total": counts["requests"],
            "running": sum(gear.engine.service.running for gear in running),
            "waiting": sum(len(gear.engine.waiting) for gear in running),
            "shed": counts["shed_full"] + counts["shed_overdue"],
        },
        "counts": counts,
        "kinds": kinds(current),
    }


def kinds(gear: Gear) -> list[dict[str, Any]]:
    """What the auto engine has learnt of the kinds of requests; of other engines nothing."""
    learnt = getattr(gear.engine, "kinds", None)
    if learnt is None:
        return []
    return [
        {
            "kind": kind,
            "runs": runs,
            "mean_seconds": seconds,
            "waiting_share": waiting,
            "runs_on": "a thread of its own" if handed_on else "the polling thread",
        }
        for kind, runs, seconds, waiting, handed_on in learnt.report()
    ]
