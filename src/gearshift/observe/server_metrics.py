"""The server as a whole and its connections, as metrics."""

from __future__ import annotations

from prometheus_client.core import InfoMetricFamily

from gearshift.kernel.tcp_info import STATES
from gearshift.observe.metric_shapes import columns, counter, gauge, gauges, part, tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from prometheus_client.core import Metric

ENGINES = ("thread", "pool", "epoll", "uring", "auto")
PHASES = (
    *("handshake", "idle", "reading head", "reading body", "waiting", "in handler", "websocket"),
    *("writing", "closing", "carrying streams"),
)


def families(status: Mapping[str, Any]) -> Iterator[Metric]:
    yield from _server(status)
    yield from _connections(status)
    if "connections" in status:
        yield from _connection_table(status["connections"])


def _server(status: Mapping[str, Any]) -> Iterator[Metric]:
    told = {name: str(status[name]) for name in ("version", "application")}
    yield InfoMetricFamily("gearshift", "What runs.", told)
    yield gauge("gearshift_uptime_seconds", "Since requests were first answered.", status["uptime_seconds"])
    serving: dict[str, float | None] = {engine: engine == status["engine"] for engine in ENGINES}
    yield gauges("gearshift_engine", "1 for the engine that serves, 0 for the others.", "engine", serving)
    yield gauge(
        "gearshift_engine_threads_asked",
        "Threads that the engine may have for handlers (--threads).",
        status["threads_asked"],
    )
    workers = status.get("workers")
    yield gauge("gearshift_workers", "Processes that serve.", None if workers is None else len(workers))
    yield counter(
        "gearshift_worker_crashes",
        "Workers that ended of their own accord (--workers).",
        status.get("crashes"),
    )
    yield counter("gearshift_reloads", "Reloads that have gone through (--workers).", status.get("reloads"))


def _connections(status: Mapping[str, Any]) -> Iterator[Metric]:
    counts = part(status, "counts")
    yield gauge("gearshift_connections_open", "Open connections, of all engines.", status["open_connections"])
    leaving: dict[str, float | None] = dict.fromkeys(ENGINES, 0)
    for engine in status["leaving"]:
        leaving[engine["engine"]] = (leaving.get(engine["engine"]) or 0) + engine["connections"]
    yield gauges(
        "gearshift_connections_leaving",
        "Connections that an engine still has which a shift has left behind.",
        "engine",
        leaving,
    )
    yield counter(
        "gearshift_connections_accepted", "Connections taken over from accept queues.", counts.get("accepted")
    )
    yield counter(
        "gearshift_connections_refused",
        "Connections answered 503 at once: --max-connections were open and none was idle.",
        counts.get("refused_connections"),
    )
    yield counter(
        "gearshift_connections_evicted",
        "Idle connections closed to make room for new ones (--max-connections, descriptors).",
        counts.get("evicted_connections"),
    )
    yield counter(
        "gearshift_connections_handed_over",
        "Connections that went from one engine to another by a shift.",
        counts.get("handed_over"),
    )
    yield counter(
        "gearshift_connections_unintroduced",
        "Connections of trusted proxies closed because they did not begin with the PROXY protocol (--proxy-protocol).",
        counts.get("unintroduced"),
    )
    yield counter(
        "gearshift_tls_handshakes", "TLS handshakes that ended in agreement.", counts.get("handshakes")
    )
    yield counter(
        "gearshift_tls_handshakes_failed",
        "TLS handshakes that didn't: no version, suite or certificate in common, no TLS, or too late.",
        counts.get("handshakes_failed"),
    )


def _connection_table(rows: list[Mapping[str, Any]]) -> Iterator[Metric]:
    seen = columns(rows, "phase", "tcp_state", "unread", "unsent", "retransmits", "rtt_ms")
    yield gauges(
        "gearshift_connections_in_phase",
        "Open connections by what they do at present.",
        "phase",
        tally(seen["phase"], PHASES),
    )
    yield gauges(
        "gearshift_connections_in_tcp_state",
        "Open connections by the state in which the kernel has them. CLOSE-WAIT: the peer has finished and the"
        " server has not closed yet.",
        "tcp_state",
        tally(seen["tcp_state"], STATES),
    )
    yield gauge(
        "gearshift_connections_unread_bytes",
        "Bytes that have come and nobody has read, of all open connections.",
        sum(seen["unread"]),
    )
    yield gauge(
        "gearshift_connections_unsent_bytes",
        "Bytes that were written and the peers have not acknowledged, of all open connections.",
        sum(seen["unsent"]),
    )
    yield gauge(
        "gearshift_connections_retransmits",
        "Segments that the kernel had to send again, of the connections that are open now.",
        sum(seen["retransmits"]),
    )
    longest = max(seen["rtt_ms"], default=None)
    yield gauge(
        "gearshift_connections_rtt_max_seconds",
        "The longest round-trip time among open connections.",
        None if longest is None else longest / 1000,
    )
