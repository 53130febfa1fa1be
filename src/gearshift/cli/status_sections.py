"""Parts of `gearshift status`: threads, event loop, stuck and slow requests, where the time goes. Each is left out
where the server tells nothing of it.
"""

from __future__ import annotations

from collections import Counter

from gearshift.observe.escaping import escape_text
from gearshift.observe.quantities import duration, share

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Seen = Mapping[str, Any]

MOST_SLOWEST = 3
MOST_KINDS = 20
MOST_STUCK = 5


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, their columns under each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def workers(seen: Seen) -> list[str]:
    """A line for each process, where a supervisor has several or might have."""
    rows = seen.get("workers", ())
    if "reloads" not in seen:
        return []
    lines = [
        f"  worker {row['pid']}, {row['state']} for {duration(row['uptime_seconds'])}: engine {row['engine']},"
        f" {row['connections']} connections, {row['requests']} requests, {row['running']} running"
        for row in rows
    ]
    return [*lines, f"  reloads: {seen['reloads']}; workers that crashed: {seen['crashes']}"]


def threads_and_loop(seen: Seen) -> list[str]:
    """Lines about who serves."""
    return [*_pool(seen.get("pool")), *_loop(seen.get("loop")), *_threads(seen.get("threads"))]


def _pool(pool: Mapping[str, Any] | None) -> list[str]:
    if pool is None:
        return []
    words = (
        f"  pool: {pool['threads']} of at most {pool['most_threads']} threads,"
        f" {pool['busy']} busy, {pool['idle']} idle; {pool['queue']} in the queue"
    )
    if pool["queue"]:
        words += f", the longest for {duration(pool['longest_wait_seconds'])}"
    if pool["leader_changes"]:
        words += f"; leader changes: {pool['leader_changes']}"
    return [words]


def _loop(loop: Mapping[str, Any] | None) -> list[str]:
    if loop is None:
        return []
    return [
        f"  event loop: {loop['tasks']} tasks, {duration(loop['lag_seconds'])} late,"
        f" at most {duration(loop['lag_max_seconds'])} in the last minute"
    ]


def _threads(threads: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """`  threads: 6: 1 leader polling, 2 worker in handler, 3 worker idle`, the most first."""
    if not threads:
        return []
    kinds = Counter(f"{thread['role']} {thread['state']}".strip() for thread in threads)
    counted = ", ".join(f"{number} {escape_text(kind)}" for kind, number in kinds.most_common())
    return [f"  threads: {len(threads)}: {counted}"]


def stuck(seen: Seen) -> list[str]:
    """Handlers that have run for too long, and where each stands."""
    found = sorted(seen.get("stuck") or (), key=_seconds, reverse=True)
    if not found:
        return []
    lines = [f"  stuck: {len(found)} longer than --slow-request"]
    for request in found[:MOST_STUCK]:
        lines.append(
            f"    {escape_text(request['request'])} for {duration(request['seconds'])},"
            f" {escape_text(str(request['owner']))}, connection {request['connection']} from {request['remote']}"
        )
        lines += [
            f"      {escape_text(line)}" for line in request["stack"][-2:]
        ]  # the innermost, and its source
    if len(found) > MOST_STUCK:
        lines.append(f"    and {len(found) - MOST_STUCK} more: gearshift top, or --json")
    return lines


def _seconds(request: Mapping[str, Any]) -> float:
    return float(request["seconds"])


def slowest(seen: Seen) -> list[str]:
    """The slowest of the last ten minutes, and how their time was spent."""
    found = _times(seen, "slowest")[:MOST_SLOWEST]
    if not found:
        return []
    rows: list[Sequence[str]] = [
        ("slowest requests", "status", "total", "queue", "handler", "on cpu", "write")
    ]
    for request in found:
        times = ("total", "queue", "handler", "handler_cpu", "write_blocked")
        rows.append(
            (
                escape_text(request["request"]),
                str(request["status"]),
                *(duration(request[key]) for key in times),
            )
        )
    return ["", *aligned(rows)]


def kinds(seen: Seen) -> list[str]:
    """Where the time of requests goes, those kinds first whose handlers have taken the most of it."""
    every = sorted(_times(seen, "kinds"), key=_handler_total, reverse=True)
    if not every:
        return []
    rows: list[Sequence[str]] = [
        ("time by kind", "count", "handler mean", "p50", "p95", "p99", "max", "cpu", "queue p95", "write p95")
    ]
    for kind in every[:MOST_KINDS]:
        handler = kind["handler"]
        rows.append(
            (
                escape_text(kind["kind"]),
                str(kind["count"]),
                *(duration(handler[f"{name}_seconds"]) for name in ("mean", "p50", "p95", "p99", "max")),
                share(kind["cpu_share"]),
                duration(kind["queue"]["p95_seconds"]),
                duration(kind["write_blocked"]["p95_seconds"]),
            )
        )
    lines = ["", *aligned(rows)]
    if len(every) > MOST_KINDS:
        lines.append(f"  and {len(every) - MOST_KINDS} more kinds: --json")
    return lines


def _times(seen: Seen, key: str) -> list[dict[str, Any]]:
    times = seen.get("times")
    return [] if times is None else list(times[key])


def _handler_total(kind: Mapping[str, Any]) -> float:
    return float(kind["handler"]["total_seconds"])
