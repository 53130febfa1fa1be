"""Threads, the pool and the event loop, as metrics."""

from __future__ import annotations

from collections import Counter

from prometheus_client.core import GaugeMetricFamily

from gearshift.observe.metric_shapes import counter, gauge, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from prometheus_client.core import Metric

    from gearshift.observe.metric_memory import MetricMemory


def families(status: Mapping[str, Any], memory: MetricMemory) -> Iterator[Metric]:
    if "threads" in status:
        yield _threads(status["threads"])
    if "pool" in status:
        yield from _pool(part(status, "pool"), memory)
    if "loop" in status:
        yield from _loop(part(status, "loop"))


def _threads(threads: list[Mapping[str, Any]]) -> Metric:
    family = GaugeMetricFamily(
        "gearshift_threads",
        "Threads of the process, by what they are there for and what they do.",
        labels=["role", "state"],
    )
    for (role, state), count in sorted(Counter((each["role"], each["state"]) for each in threads).items()):
        family.add_metric([role, state], count)
    return family


def _pool(pool: Mapping[str, Any], memory: MetricMemory) -> Iterator[Metric]:
    yield gauge("gearshift_pool_threads", "Threads that the engine has for handlers.", pool.get("threads"))
    yield gauge("gearshift_pool_threads_limit", "How many it may have.", pool.get("most_threads"))
    yield gauge("gearshift_pool_threads_busy", "How many of them are in a handler.", pool.get("busy"))
    yield gauge("gearshift_pool_threads_idle", "How many of them wait for work.", pool.get("idle"))
    yield gauge("gearshift_pool_queue", "Requests that wait for one of these threads.", pool.get("queue"))
    yield gauge(
        "gearshift_pool_longest_wait_seconds",
        "For how long the request that has waited longest for a thread has waited.",
        pool.get("longest_wait_seconds"),
    )
    yield counter(
        "gearshift_pool_leader_changes",
        "How often another thread took over the polling.",
        memory.leader_changes(pool.get("leader_changes") or 0),
    )


def _loop(loop: Mapping[str, Any]) -> Iterator[Metric]:
    yield gauge(
        "gearshift_loop_lag_seconds",
        "How late the event loop of an ASGI application ran last.",
        loop.get("lag_seconds"),
    )
    yield gauge(
        "gearshift_loop_lag_max_seconds",
        "How late it ran at most in the last minute.",
        loop.get("lag_max_seconds"),
    )
    yield gauge("gearshift_loop_tasks", "Tasks of that loop that have not ended.", loop.get("tasks"))
