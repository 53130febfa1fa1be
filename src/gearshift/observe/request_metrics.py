"""Requests and where their time goes, as metrics."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)

from gearshift.observe.metric_memory import OTHER
from gearshift.observe.metric_shapes import counter, counters, gauge, gauges, part, tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from prometheus_client.core import Metric

    from gearshift.observe.metric_memory import MetricMemory

# Upper bounds in seconds, an octave apart: times are counted in half octaves from a microsecond on, so these are met.
BOUNDS = tuple(2**power / 1e6 for power in range(8, 26))
LABELS = (*(f"{bound:.9g}" for bound in BOUNDS), "+Inf")
ROUNDING = 1e-9
PARTS = ("queue", "handler", "write_blocked")
QUANTILES = {"p50_seconds": "0.5", "p95_seconds": "0.95", "p99_seconds": "0.99"}


def families(status: Mapping[str, Any], memory: MetricMemory) -> Iterator[Metric]:
    yield from _counts(part(status, "requests"), part(status, "counts"))
    if "times" in status:
        yield from _times(_by_label(status["times"]["kinds"], memory))
    if "stuck" in status:
        yield from _stuck(status["stuck"])
    places = {"a thread of its own": "thread", "the polling thread": "poller"}
    yield gauges(
        "gearshift_auto_kinds",
        "Kinds of request that the auto engine knows, by where it runs them.",
        "runs_on",
        tally([places.get(kind["runs_on"], OTHER) for kind in status["kinds"]], places.values()),
    )


def _counts(requests: Mapping[str, Any], counts: Mapping[str, Any]) -> Iterator[Metric]:
    yield counter("gearshift_requests", "Requests whose heads were read.", requests.get("total"))
    yield gauge(
        "gearshift_requests_running",
        "Requests whose application was called and has not finished its answer.",
        requests.get("running"),
    )
    yield gauge(
        "gearshift_requests_waiting",
        "Requests that wait for a thread, or for their turn to run (--max-waiting).",
        requests.get("waiting"),
    )
    yield counters(
        "gearshift_requests_shed",
        "Requests answered 503 unrun: too many waited (full), or they had waited too long (overdue).",
        "reason",
        {"full": counts.get("shed_full"), "overdue": counts.get("shed_overdue")},
    )
    yield counter(
        "gearshift_requests_abandoned",
        "Requests that were not run because their clients had left.",
        counts.get("abandoned"),
    )
    yield counter(
        "gearshift_requests_timed_out",
        "Requests answered 503 because they ran too long (--request-timeout).",
        counts.get("timed_out"),
    )
    yield counter(
        "gearshift_websockets",
        "WebSockets that were accepted, those that have ended among them.",
        counts.get("websockets"),
    )
    yield counters(
        "gearshift_websocket_messages",
        "Messages of WebSockets, received and sent.",
        "direction",
        {"in": counts.get("websocket_messages_in"), "out": counts.get("websocket_messages_out")},
    )


def _by_label(kinds: Iterable[Mapping[str, Any]], memory: MetricMemory) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for kind in kinds:
        found.setdefault(memory.label_of(kind["kind"]), []).append(kind)
    return found


def _times(kinds: Mapping[str, list[Mapping[str, Any]]]) -> Iterator[Metric]:
    handler = HistogramMetricFamily(
        "gearshift_request_handler_seconds",
        "From the handler's call to the answer's last byte, without what is told as write_blocked.",
        labels=["kind"],
    )
    queue = SummaryMetricFamily(
        "gearshift_request_queue_seconds",
        "From the socket being read to the handler's call, the wait for a thread included; quantiles since the"
        " start.",
        labels=["kind"],
    )
    blocked = CounterMetricFamily(
        "gearshift_request_write_blocked_seconds",
        "How long peers took less than there was to send them.",
        labels=["kind"],
    )
    longest = GaugeMetricFamily(
        "gearshift_request_longest_seconds",
        "The longest since the start, of each part of a request's time.",
        labels=["kind", "part"],
    )
    share = GaugeMetricFamily(
        "gearshift_request_cpu_ratio",
        "How much of the handler's time the processor was used, measured on a sample.",
        labels=["kind"],
    )
    for label, alike in kinds.items():
        handler.add_metric([label], *histogram(alike))
        queue.add_metric([label], sum(kind["count"] for kind in alike), _total(alike, "queue"))
        blocked.add_metric([label], _total(alike, "write_blocked"))
        for name in PARTS:
            longest.add_metric([label, name], max(kind[name]["max_seconds"] for kind in alike))
        if len(alike) == 1:  # quantiles and shares can't be added up
            for key, quantile in QUANTILES.items():
                labels = {"kind": label, "quantile": quantile}
                queue.add_sample(queue.name, labels, alike[0]["queue"][key])
            if alike[0]["cpu_share"] is not None:
                share.add_metric([label], alike[0]["cpu_share"])
    yield from (handler, queue, blocked, longest, share)


def histogram(alike: Iterable[Mapping[str, Any]]) -> tuple[list[tuple[str, float]], float]:
    """Cumulated buckets and the sum of the handler's times. What ends between two bounds counts up to the upper one."""
    counts = [0] * len(LABELS)
    seconds = 0.0
    for kind in alike:
        seconds += kind["handler"]["total_seconds"]
        for upper, count in kind["buckets"]:
            place = len(BOUNDS) if upper is None else bisect_left(BOUNDS, upper * (1 - ROUNDING))
            counts[place] += count
    return list(zip(LABELS, accumulate(counts), strict=True)), seconds


def _total(alike: Iterable[Mapping[str, Any]], name: str) -> float:
    return float(sum(kind[name]["total_seconds"] for kind in alike))


def _stuck(stuck: list[Mapping[str, Any]]) -> Iterator[Metric]:
    yield gauge("gearshift_stuck_handlers", "Handlers that have run longer than --slow-request.", len(stuck))
    yield gauge(
        "gearshift_stuck_handler_longest_seconds",
        "For how long the longest of them has run.",
        max((handler["seconds"] for handler in stuck), default=0),
    )
