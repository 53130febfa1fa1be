"""The few shapes that metrics of a status have. A value that can't be known is left out; its HELP and TYPE stay."""

from __future__ import annotations

from collections import Counter

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from gearshift.kernel.giving_way import giving_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


def gauge(name: str, help: str, value: float | None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help)
    if value is not None:
        family.add_metric([], value)
    return family


def counter(name: str, help: str, value: float | None) -> CounterMetricFamily:
    family = CounterMetricFamily(name, help)
    if value is not None:
        family.add_metric([], value)
    return family


def gauges(name: str, help: str, label: str, values: Mapping[str, float | None]) -> GaugeMetricFamily:
    """One for each value of a label."""
    family = GaugeMetricFamily(name, help, labels=[label])
    for key, value in values.items():
        if value is not None:
            family.add_metric([key], value)
    return family


def counters(name: str, help: str, label: str, values: Mapping[str, float | None]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, help, labels=[label])
    for key, value in values.items():
        if value is not None:
            family.add_metric([key], value)
    return family


def part(status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object of the status; empty where it is null or missing."""
    found: Mapping[str, Any] = status.get(name) or {}
    return found


def tally(values: Iterable[str], known: Iterable[str]) -> dict[str, float | None]:
    """How often each value is there; those that are known are told even where they are not, others are `other`."""
    found: dict[str, float | None] = dict.fromkeys(known, 0)
    for value, count in Counter(values).items():
        word = value if value in found else "other"
        found[word] = (found.get(word) or 0) + count
    return found


def columns(rows: Iterable[Mapping[str, Any]], *keys: str) -> dict[str, list[Any]]:
    """The values of each key that are known, of thousands of rows beside threads that serve."""
    found: dict[str, list[Any]] = {key: [] for key in keys}
    for row in giving_way(rows):
        for key, values in found.items():
            value = row.get(key)
            if value is not None:
                values.append(value)
    return found
