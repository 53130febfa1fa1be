"""The kernel's queues, the descriptors and the host's counters, as metrics."""

from __future__ import annotations

from gearshift.observe.metric_shapes import counters, gauge, gauges, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from prometheus_client.core import Metric

LISTENER_GAUGES = {
    "accept_queue": "Connections that are established and that the server has not taken over yet.",
    "accept_queue_limit": "How many may wait in the accept queue, as the kernel has it; past it they are dropped.",
    "syn_queue": "Connections that are half open: the handshake is not complete.",
    "backlog_asked": "How many were asked to have room in the accept queue (--backlog), before the kernel's clamp.",
}


def families(status: Mapping[str, Any]) -> Iterator[Metric]:
    listeners = status["listeners"]
    for key, help in LISTENER_GAUGES.items():
        yield gauges(f"gearshift_listener_{key}", help, "listener", _by_address(listeners, key))
    yield counters(
        "gearshift_listener_drops",
        "Connections that this listener's queues had no room for, and other drops of its own, as the kernel counts.",
        "listener",
        _by_address(listeners, "drops"),
    )
    yield counters(
        "gearshift_host_tcp_events",
        "What TCP counts in this network namespace, whoever's listener it was, by the kernel's names.",
        "event",
        part(status, "host"),
    )
    yield from _descriptors(part(status, "descriptors"))


def _by_address(listeners: list[Mapping[str, Any]], key: str) -> dict[str, float | None]:
    """Summed where several listeners share one address (SO_REUSEPORT)."""
    found: dict[str, float | None] = {}
    for listener in listeners:
        if listener[key] is not None:
            found[listener["address"]] = (found.get(listener["address"]) or 0) + listener[key]
    return found


def _descriptors(descriptors: Mapping[str, Any]) -> Iterator[Metric]:
    yield gauge(
        "gearshift_descriptors_open", "Descriptors that the process has open.", descriptors.get("open")
    )
    yield gauge(
        "gearshift_descriptors_limit",
        "How many it may have (RLIMIT_NOFILE); past it connections can't be accepted.",
        descriptors.get("limit"),
    )
    yield gauge("gearshift_descriptors_sockets", "How many of them are sockets.", descriptors.get("sockets"))
    yield gauge(
        "gearshift_descriptors_explained",
        "How many are connections, listeners and the server's own.",
        descriptors.get("explained"),
    )
    yield gauge(
        "gearshift_descriptors_unexplained",
        "How many the application has opened, those that it has lost among them.",
        descriptors.get("unexplained"),
    )
    yield gauge(
        "gearshift_descriptors_unexplained_growing",
        "1 where the unexplained ones have grown all through the last ten minutes: probably a leak.",
        descriptors.get("growing"),
    )
