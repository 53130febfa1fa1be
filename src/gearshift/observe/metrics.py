"""What docs/status-schema.md describes, for Prometheus: docs/metrics.md lists every metric.

prometheus-client writes the two formats. It comes with the extra `metrics` and is imported when somebody first asks.
"""

from __future__ import annotations

from threading import Lock
from time import monotonic
from weakref import WeakKeyDictionary

from gearshift.errors import MissingExtraError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    from prometheus_client.core import Metric

    from gearshift.observe.metric_memory import MetricMemory

    class HasStatus(Protocol):
        """An Observer, or what stands for it."""

        def status(self) -> dict[str, Any]: ...


_memories: WeakKeyDictionary[HasStatus, MetricMemory] = WeakKeyDictionary()
_one_at_a_time = Lock()


def exposition(observer: HasStatus, accept: str) -> tuple[str, bytes]:
    """The Content-Type and the text, from one status. accept: the request's Accept field, "" where it has none.

    Raises MissingExtraError where the extra is not installed; its text is one line that says what to install.
    """
    try:
        from prometheus_client.exposition import choose_encoder

        from gearshift.observe.metric_memory import MetricMemory
    except ImportError:
        raise MissingExtraError("/metrics", "prometheus-client", "metrics") from None
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no number: what everybody reads is answered
        encode, content_type = choose_encoder("")
    with _one_at_a_time:  # of two statuses the later must not be told first
        memory = _memories.setdefault(observer, MetricMemory())
        began = monotonic()
        status = observer.status()
        return content_type, encode(StatusCollector(status, monotonic() - began, memory))


class StatusCollector:
    """One status as prometheus-client collects it. seconds: what it took to make it."""

    def __init__(self, status: dict[str, Any], seconds: float, memory: MetricMemory) -> None:
        self._status = status
        self._seconds = seconds
        self._memory = memory

    def collect(self) -> Iterator[Metric]:
        from prometheus_client import ProcessCollector
        from prometheus_client.core import GaugeMetricFamily

        from gearshift.observe import queue_metrics, request_metrics, server_metrics, thread_metrics

        yield from server_metrics.families(self._status)
        yield from queue_metrics.families(self._status)
        yield from request_metrics.families(self._status, self._memory)
        yield from thread_metrics.families(self._status, self._memory)
        yield GaugeMetricFamily(
            "gearshift_status_read_seconds", "How long it took to read everything told here.", self._seconds
        )
        yield from ProcessCollector(registry=None).collect()
