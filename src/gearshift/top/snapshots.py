"""What changed between two answers of a server: rates by its own clock."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Seen = Mapping[str, Any]

HOST_COUNTERS = ("ListenOverflows", "ListenDrops", "TCPReqQFullDrop", "SyncookiesSent")


def elapsed(former: Seen | None, seen: Seen) -> float | None:
    """Seconds between them; None where they are not two answers of one server, the earlier first."""
    if former is None or former["pid"] != seen["pid"]:
        return None
    seconds: float = seen["uptime_seconds"] - former["uptime_seconds"]
    return seconds if seconds > 0 else None


def requests_per_second(former: Seen | None, seen: Seen) -> float | None:
    seconds = elapsed(former, seen)
    if former is None or seconds is None:
        return None
    return float(seen["requests"]["total"] - former["requests"]["total"]) / seconds


def drops_per_second(former: Seen | None, seen: Seen) -> dict[str, float]:
    """Of each listener, by its address, that has dropped since."""
    seconds = elapsed(former, seen)
    if former is None or seconds is None:
        return {}
    before = {listener["address"]: listener["drops"] for listener in former["listeners"]}
    found = {}
    for listener in seen["listeners"]:
        earlier, now = before.get(listener["address"]), listener["drops"]
        if earlier is not None and now is not None and now > earlier:
            found[listener["address"]] = (now - earlier) / seconds
    return found


def host_per_second(former: Seen | None, seen: Seen) -> dict[str, float]:
    """The host's counters of lost connections that have risen since."""
    seconds = elapsed(former, seen)
    if former is None or seconds is None or not former["host"] or not seen["host"]:
        return {}
    found = {}
    for name in HOST_COUNTERS:
        risen = seen["host"].get(name, 0) - former["host"].get(name, 0)
        if risen > 0:
            found[name] = risen / seconds
    return found
