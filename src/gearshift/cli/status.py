"""`gearshift status`: what a running server does, for people and, as JSON, for programs."""

from __future__ import annotations

from gearshift.cli.asking import server_meant
from gearshift.cli.output import write
from gearshift.cli.status_sections import aligned, slowest, stuck, threads_and_loop, workers
from gearshift.cli.status_sections import kinds as time_by_kind
from gearshift.control.client import ask
from gearshift.observe import queue_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_KINDS = 20  # that are shown to a person


def run(flags: Mapping[str, object]) -> int:
    """Asks and prints; the exit code. Raises GearshiftError."""
    seen = ask(server_meant(flags), "status")
    if "json" in flags:
        import json

        write(json.dumps(seen, indent=2) + "\n")
    else:
        write(in_words(seen))
    return 0


def in_words(seen: Mapping[str, Any]) -> str:
    """The answer as a person reads it, lines ended."""
    requests, counts = seen["requests"], seen["counts"]
    lines = [
        f"Gearshift {seen['version']}, process {seen['pid']}, serves {seen['application']} for {_lasted(seen)}",
        *(line for listener in seen["listeners"] for line in _listener(listener, seen)),
        *map(_endpoint, seen.get("endpoints", ())),
        f"  engine {seen['engine']}, {seen['threads_asked']} threads asked for",
        *([f"  {seen['interpreter']}"] if seen.get("interpreter") else []),
        *(
            f"  {gear['connections']} connection{'s are' if gear['connections'] != 1 else ' is'} leaving"
            f" the engine {gear['engine']}"
            for gear in seen["leaving"]
        ),
        *workers(seen),
        f"  connections: {seen['open_connections']} open, {counts['accepted']} accepted,"
        f" {counts['evicted_connections']} idle ones closed to make room, {counts['refused_connections']} refused,"
        f" {counts['handed_over']} handed from engine to engine",
        f"  requests: {requests['total']} so far, {requests['running']} running, {requests['waiting']} waiting",
        f"  turned away: {counts['shed_full']} with the queue full, {counts['shed_overdue']} overdue,"
        f" {counts['abandoned']} whose client had left",
        *threads_and_loop(seen),
        *stuck(seen),
        f"  {queue_words.open_descriptors(seen['descriptors'])}",
        f"  {queue_words.host_counters(seen['host'])}",
    ]
    if seen["kinds"]:
        lines += ["", *_kinds(seen["kinds"][:MOST_KINDS])]
    lines += [*time_by_kind(seen), *slowest(seen)]
    return "\n".join(lines) + "\n"


def _listener(listener: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    """Where it listens and what waits there; below, what is wrong and what to do."""
    remarks = [
        queue_words.clamp(listener),
        *queue_words.drop_advice(listener, seen["host"], seen["engine"]),
    ]
    return [
        f"  listens on {listener['address']} (descriptor {listener['fd']}): {queue_words.queue(listener)}",
        *(f"    {remark}" for remark in remarks if remark),
    ]


def _endpoint(endpoint: Mapping[str, Any]) -> str:
    """Where datagrams are received, what waits there, and what became of them."""
    held, limit, drops = (endpoint[key] for key in ("receive_queue", "receive_queue_limit", "drops"))
    queue = (
        "receive queue unknown" if held is None else f"receive queue {held} of {limit} bytes, {drops} dropped"
    )
    return (
        f"  receives at {endpoint['address']} (descriptor {endpoint['fd']}): {queue};"
        f" {endpoint['received']} received, {endpoint['sent']} sent, {endpoint['unsent']} could not be sent"
    )


def _lasted(seen: Mapping[str, Any]) -> str:
    seconds = int(seen["uptime_seconds"])
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} d {clock}" if days else clock


def _kinds(kinds: list[dict[str, Any]]) -> list[str]:
    """What the auto engine has learnt, a line for each kind."""
    rows = [("kind of request", "runs", "mean", "waits", "runs on")]
    for kind in kinds:
        share = kind["waiting_share"]
        rows.append(
            (
                kind["kind"],
                str(kind["runs"]),
                f"{kind['mean_seconds'] * 1000:.1f} ms",
                "?" if share is None else f"{share:.0%}",
                kind["runs_on"],
            )
        )
    return aligned(rows)
