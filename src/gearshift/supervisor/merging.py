"""The statuses of several workers as one: what is counted is added, what is listed is put together, of what they share
(accept queues, the host) one tells for all.
"""

from __future__ import annotations

from gearshift.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

NUMBERS = 1_000_000_000  # a connection's number is its worker's process times this, and its number there
MOST_SLOWEST = 50
DURATIONS = ("queue", "handler", "write_blocked")


def own_number(number: object) -> tuple[int, int]:
    """The worker's process, and the number that the connection has there."""
    return divmod(number, NUMBERS) if isinstance(number, int) else (0, 0)


def merged(
    pid: int,
    found: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    told: Mapping[str, Any],
    uptime: float,
) -> dict[str, Any]:
    """As docs/status-schema.md has it. found: workers as the supervisor tells of them, and their statuses. pid: of the
    supervisor. told: counts of workers that have gone, and what else it has counted.
    """
    statuses = [status for _, status in found]
    # What new workers serve is what counts: a worker that leaves may have another engine.
    first = max(found, key=lambda pair: (pair[0]["state"] == "serving", pair[0]["generation"]))[1]
    counts = added([*(status["counts"] for status in statuses), told["former"]])
    return {
        "version": __version__,
        "interpreter": first.get("interpreter"),
        "pid": pid,
        "application": first["application"],
        "uptime_seconds": uptime,
        "engine": first["engine"],
        "threads_asked": first["threads_asked"],
        "workers": [row(worker, status) for worker, status in found],
        "crashes": told["crashes"],
        "reloads": told["reloads"],
        "leaving": [leaving for status in statuses for leaving in status["leaving"]],
        "listeners": listeners(statuses),
        "descriptors": descriptors([status["descriptors"] for status in statuses]),
        "host": first["host"],
        "open_connections": sum(status["open_connections"] for status in statuses),
        "requests": {
            **added(status["requests"] for status in statuses),
            "total": counts.get("requests", 0),
            "shed": counts.get("shed_full", 0) + counts.get("shed_overdue", 0),
        },
        "counts": counts,
        "kinds": learnt(statuses),
        "endpoints": endpoints(statuses),
        "connections": [
            {**each, "number": worker["pid"] * NUMBERS + each["number"], "worker": worker["pid"]}
            for worker, status in found
            for each in status["connections"]
        ],
        "threads": [
            {**each, "worker": worker["pid"]} for worker, status in found for each in status["threads"]
        ],
        "pool": pool([status["pool"] for status in statuses]),
        "loop": loop([status["loop"] for status in statuses]),
        "times": {
            "kinds": times([status["times"]["kinds"] for status in statuses]),
            "slowest": sorted(
                (each for status in statuses for each in status["times"]["slowest"]),
                key=lambda each: -each["total"],
            )[:MOST_SLOWEST],
        },
        "stuck": [{**each, "worker": worker["pid"]} for worker, status in found for each in status["stuck"]],
    }


def row(worker: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """One of workers[]."""
    return {
        "pid": worker["pid"],
        "engine": status["engine"],
        "connections": status["open_connections"],
        "place": worker["place"],
        "generation": worker["generation"],
        "state": worker["state"],
        "uptime_seconds": status["uptime_seconds"],
        "requests": status["counts"]["requests"],
        "accepted": status["counts"]["accepted"],
        "running": status["requests"]["running"],
        "waiting": status["requests"]["waiting"],
    }


def added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    return total


def listeners(statuses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each socket once, whoever listens on it. Those that share an address have descriptors of their own."""
    seen: dict[tuple[object, ...], dict[str, Any]] = {}
    for status in statuses:
        for each in status["listeners"]:
            seen.setdefault((each["address"], each.get("inode", each["fd"])), dict(each))
    return list(seen.values())


def endpoints(statuses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each socket of datagrams once, with what all workers have done there."""
    together: dict[str, list[Mapping[str, Any]]] = {}
    for status in statuses:
        for each in status["endpoints"]:
            together.setdefault(each["address"], []).append(each)
    done = ("received", "sent", "unsent")
    return [
        {**found[0], **{name: sum(each[name] for each in found) for name in done}}
        for found in together.values()
    ]


def descriptors(found: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Of all workers; the limit is that of each, so the one that has the fewest left counts."""
    known = [each for each in found if each is not None]
    if not known:
        return None
    nearest = max(known, key=lambda each: each["open"] / max(each["limit"] or 1, 1))
    total = {
        name: sum(each[name] for each in known)
        if isinstance(value, int) and not isinstance(value, bool) and name != "limit"
        else value
        for name, value in nearest.items()
    }
    for name in ("by_kind", "unexplained_by_kind"):
        if isinstance(nearest.get(name), dict):
            total[name] = added(each[name] for each in known)
    if isinstance(nearest.get("leads_to"), list):
        total["leads_to"] = [entry for each in known for entry in each["leads_to"]]
    if "growing" in nearest:
        total["growing"] = any(each["growing"] for each in known)
    return total


def pool(found: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    known = [each for each in found if each is not None]
    if not known:
        return None
    longest = [each["longest_wait_seconds"] for each in known if each["longest_wait_seconds"] is not None]
    names = ("threads", "most_threads", "busy", "idle", "queue", "leader_changes")
    return {
        **{name: sum(each[name] or 0 for each in known) for name in names},
        "longest_wait_seconds": max(longest, default=None),
    }


def loop(found: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """The one that is latest, and the tasks of all."""
    known = [each for each in found if each is not None]
    if not known:
        return None
    return {
        **{
            name: max((each[name] for each in known if each[name] is not None), default=None)
            for name in ("lag_seconds", "lag_max_seconds")
        },
        "tasks": sum(each["tasks"] or 0 for each in known),
    }


def learnt(statuses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What auto has learnt: each worker by itself. Of a kind that several know, the one tells that has run it most."""
    best: dict[str, dict[str, Any]] = {}
    for status in statuses:
        for each in status["kinds"]:
            known = best.get(each["kind"])
            if known is None:
                best[each["kind"]] = dict(each)
            else:
                runs = known["runs"] + each["runs"]
                best[each["kind"]] = {**(each if each["runs"] > known["runs"] else known), "runs": runs}
    return sorted(best.values(), key=lambda each: -each["runs"])


def times(found: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Kinds of requests, put together: counts and sums are added, the greatest is the greatest of all; percentiles,
    which can't be added, are those of the worker with most requests of the kind.
    """
    together: dict[str, list[Mapping[str, Any]]] = {}
    for kinds in found:
        for each in kinds:
            together.setdefault(each["kind"], []).append(each)
    return [_one_kind(each) for each in together.values()]


def _one_kind(found: list[Mapping[str, Any]]) -> dict[str, Any]:
    most = max(found, key=lambda each: each["count"])
    if len(found) == 1:
        return dict(most)
    count = sum(each["count"] for each in found)
    return {
        **most,
        "count": count,
        **{name: _one_duration([each[name] for each in found], most[name], count) for name in DURATIONS},
        "buckets": _buckets(found),
    }


def _one_duration(found: list[Mapping[str, Any]], most: Mapping[str, Any], count: int) -> dict[str, Any]:
    total = sum(each["total_seconds"] for each in found)
    return {
        **most,
        "total_seconds": total,
        "mean_seconds": total / count if count else 0.0,
        "max_seconds": max(each["max_seconds"] for each in found),
    }


def _buckets(found: list[Mapping[str, Any]]) -> list[list[Any]]:
    total: dict[Any, int] = {}
    for each in found:
        for bound, count in each["buckets"]:
            total[bound] = total.get(bound, 0) + count
    return [[bound, count] for bound, count in total.items()]
