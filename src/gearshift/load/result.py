"""What a load has found: for programs as a dictionary, in words in report.py."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.load.client import Client
    from gearshift.load.histogram import Histogram
    from gearshift.load.options import Options

PERCENTILES = {"p50": 50, "p75": 75, "p90": 90, "p99": 99, "p99_9": 99.9, "p99_99": 99.99}


@dataclass(frozen=True)
class Showing:
    """How a load stands. progress: from 0 to 1. rate: answers a second so far. p99: seconds. errors: so far."""

    progress: float
    warm: bool
    seconds: float
    rate: float
    p99: float
    errors: int

    @classmethod
    def of(cls, client: Client, options: Options, warm: bool) -> Showing:
        tally, seconds = client.tally, client.seconds
        return cls(
            1 - client.seconds_left / (options.warmup + options.seconds),
            warm,
            seconds,
            tally.answered / seconds if seconds else 0.0,
            tally.latency.percentile(99),
            sum(tally.failures().values()),
        )


@dataclass(frozen=True)
class Result:
    """options: what was asked for. seconds: that were measured. latency, from_sent, connecting: histograms of seconds.

    requests: answered within those seconds; answered_late: behind them. not_sent: due in an open loop, but never sent.
    unanswered: sent and not waited for to the end. errors: requests lost, by kind; unusual: why the
    latest `connect_failed` did, in words. statuses: answers, by status.
    """

    options: Options
    seconds: float
    requests: int
    answered_late: int
    not_sent: int
    unanswered: int
    errors: dict[str, int]
    unusual: str
    statuses: dict[int, int]
    latency: Histogram
    from_sent: Histogram
    connecting: Histogram
    opened: int
    bytes_received: int
    bytes_sent: int
    interrupted: bool

    @classmethod
    def of(cls, client: Client, options: Options, interrupted: bool) -> Result:
        tally = client.tally
        return cls(
            options,
            client.seconds,
            tally.answered,
            tally.answered_late,
            client.due - client.issued if options.rate else 0,
            client.outstanding,
            tally.failures(),
            os.strerror(client.unusual_errno) if client.unusual_errno else "",
            tally.statuses(),
            tally.latency,
            tally.from_sent,
            tally.connecting,
            tally.opened,
            tally.bytes_in,
            tally.bytes_out,
            interrupted,
        )

    @property
    def requests_per_second(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON: docs/load.md says what each means."""
        options = self.options
        return {
            "url": options.target.url,
            "loop": "open" if options.rate else "closed",
            "connections": options.connections,
            "pipeline": options.pipeline,
            "rate": options.rate or None,
            "seconds": self.seconds,
            "interrupted": self.interrupted,
            "requests": self.requests,
            "requests_per_second": self.requests_per_second,
            "answered_late": self.answered_late,
            "due_but_not_sent": self.not_sent,
            "unanswered": self.unanswered,
            "errors": self.errors,
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "bytes": self.bytes_received,
            "bytes_sent": self.bytes_sent,
            "connections_opened": self.opened,
            "latency_ms": in_milliseconds(self.latency),
            "from_sent_ms": in_milliseconds(self.from_sent),
            "connect_ms": in_milliseconds(self.connecting),
        }


def in_milliseconds(histogram: Histogram) -> dict[str, float | None]:
    """Percentiles, maximum and mean; None where nothing was measured."""
    if not histogram.count:
        return dict.fromkeys([*PERCENTILES, "max", "mean"])
    found: dict[str, float | None] = {
        name: histogram.percentile(percent) * 1e3 for name, percent in PERCENTILES.items()
    }
    return found | {"max": histogram.most_seconds * 1e3, "mean": histogram.mean_seconds * 1e3}
