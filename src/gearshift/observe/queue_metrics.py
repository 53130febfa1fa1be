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

ENDPOINT_GAUGES = {
    "receive_queue": "Bytes of memory that datagrams take which a raw handler has not been given yet.",
    "receive_queue_limit": "How many bytes they may take; past it datagrams are dropped.",
}
ENDPOINT_COUNTERS = {
    "drops": "Datagrams that found no room in the receive queue, as the kernel counts.",
    "received": "Datagrams that a raw handler was given.",
    "sent": "Datagrams that a raw handler has sent.",
    "unsent": "Datagrams of a raw handler that the kernel would not take.",
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
    endpoints = status.get("endpoints") or []
    for key, help in ENDPOINT_GAUGES.items():
        yield gauges(f"gearshift_endpoint_{key}", help, "endpoint", _by_address(endpoints, key))
    for key, help in ENDPOINT_COUNTERS.items():
        yield counters(f"gearshift_endpoint_{key}", help, "endpoint", _by_address(endpoints, key))
    yield counters(
        "gearshift_host_tcp_events",
        "What TCP counts in this network namespace, whoever's listener it was, by the kernel's names.",
        "event",
        part(status, "host"),
    )
    yield from _descriptors(part(status, "descriptors"))


def _by_address(sockets: list[Mapping[str, Any]], key: str) -> dict[str, float | None]:
    """Summed where several sockets share one address (SO_REUSEPORT)."""
    found: dict[str, float | None] = {}
    for row in sockets:
        if row[key] is not None:
            found[row["address"]] = (found.get(row["address"]) or 0) + row[key]
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
