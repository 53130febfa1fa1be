"""The lines above the tables: the server, its requests, its threads, its listeners."""

from __future__ import annotations

from gearshift.observe.escaping import escape_text
from gearshift.observe.quantities import duration
from gearshift.top.snapshots import drops_per_second, host_per_second, requests_per_second

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gearshift.top.snapshots import Seen

BAR_WIDTH = 20
NARROW_BAR_WIDTH = 10
NARROW = 100  # cells
NEARLY = 0.8


def summary(former: Seen | None, seen: Seen, width: int, most_listeners: int) -> list[str]:
    """The lines. former: the answer before, for what is told per second."""
    return [
        _server(seen),
        _requests(former, seen),
        *_threads_and_loop(seen),
        *_host(former, seen),
        *listeners(former, seen, NARROW_BAR_WIDTH if width < NARROW else BAR_WIDTH, most_listeners),
    ]


def _server(seen: Seen) -> str:
    return (
        f"{escape_text(seen['application'])}  engine {seen['engine']}, {seen['threads_asked']} threads asked"
        f"  up {duration(seen['uptime_seconds'])}  pid {seen['pid']}  Gearshift {seen['version']}"
    )


def _requests(former: Seen | None, seen: Seen) -> str:
    rate, requests = requests_per_second(former, seen), seen["requests"]
    leaving = sum(gear["connections"] for gear in seen["leaving"])
    return (
        f"{'-' if rate is None else format(rate, '.1f')} requests/s  {requests['running']} running"
        f"  {requests['waiting']} waiting  {requests['shed']} shed  {requests['total']} in all"
        f"  {seen['open_connections']} connection{'s' * (seen['open_connections'] != 1)}"
        + (f", {leaving} leaving" if leaving else "")
    )


def _threads_and_loop(seen: Seen) -> list[str]:
    """Of pool, loop and descriptors, what the server tells."""
    parts = []
    pool, loop, descriptors = seen.get("pool"), seen.get("loop"), seen.get("descriptors")
    if pool is not None:
        parts.append(
            f"pool {pool['busy']} busy, {pool['idle']} idle of {pool['most_threads']};"
            f" queue {pool['queue']}, oldest waits {duration(pool['longest_wait_seconds'])}"
        )
    if loop is not None:
        parts.append(
            f"loop lag {duration(loop['lag_seconds'])}, most {duration(loop['lag_max_seconds'])};"
            f" {loop['tasks']} tasks"
        )
    if descriptors is not None:
        nearly = descriptors["open"] > NEARLY * descriptors["limit"]
        parts.append(f"fds {descriptors['open']} of {descriptors['limit']}" + " NEARLY ALL" * nearly)
    return ["  ".join(parts)] if parts else []


def _host(former: Seen | None, seen: Seen) -> list[str]:
    """Only while the host loses connections."""
    risen = host_per_second(former, seen)
    said = ", ".join(f"{name} +{rate:.1f}/s" for name, rate in risen.items())
    return [f"host: {said}"] if said else []


def listeners(former: Seen | None, seen: Seen, bar_width: int, most: int) -> list[str]:
    """A line each; where there are more than `most`, the fullest, and how many are left out."""
    every = seen["listeners"]
    fullest = sorted(every, key=fullness, reverse=True)[: max(most - 1, 1)]
    shown = every if len(every) <= most else fullest
    rates = drops_per_second(former, seen)
    widest = max((len(listener["address"]) for listener in shown), default=0)
    lines = [_listener(listener, rates, widest, bar_width) for listener in shown]
    left_out = len(every) - len(shown)
    if left_out:
        lines.append(f"and {left_out} listener{'s' * (left_out > 1)} less full")
    return lines


def fullness(listener: Mapping[str, Any]) -> tuple[float, int]:
    """How much of its accept queue is taken, then its drops."""
    depth, limit = listener["accept_queue"] or 0, listener["accept_queue_limit"]
    return (depth / limit if limit else 0.0, listener["drops"] or 0)


def _listener(listener: Mapping[str, Any], rates: Mapping[str, float], widest: int, bar_width: int) -> str:
    address, depth, limit = (listener[key] for key in ("address", "accept_queue", "accept_queue_limit"))
    full = depth is not None and limit is not None and depth > limit  # one more fits than the limit says
    parts = [
        f"{escape_text(address):<{widest}}  {bar(depth, limit, bar_width)}"
        f" {'?' if depth is None else depth}/{'?' if limit is None else limit}" + " FULL" * full
    ]
    if listener["syn_queue"] is not None:
        parts.append(f"SYN {listener['syn_queue']}")
    if listener["drops"] is not None:
        rate = rates.get(address)
        parts.append(f"drops {listener['drops']}" + ("" if rate is None else f" DROPPING {rate:.1f}/s"))
    return "  ".join(parts)


def bar(value: int | None, limit: int | None, width: int) -> str:
    """`[###.......]`: of what is not empty at least one cell, all of them only where it is full."""
    if value is None or not limit:
        return f"[{'?' * width}]"
    filled = min(width * value // limit, width)
    if value > 0:
        filled = max(filled, 1)
    return f"[{'#' * filled}{'.' * (width - filled)}]"
