"""The last hour, a sample a second: columns of numbers, 200 KiB when it is full."""

from __future__ import annotations

from array import array
from collections import deque
from math import isnan, nan
from threading import Lock

from gearshift.kernel.giving_way import giving_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LENGTH = 3600
MOST_GAPS = 100

COUNTED = (
    "requests",
    "running",
    "waiting",
    "shed",
    "connections",
    "accept_queue",
    "syn_queue",
    "drops",
)
RATES = ("ListenOverflows", "ListenDrops", "SyncookiesSent", "TCPReqQFullDrop")


class History:
    """Written by one thread, asked by any. What isn't known is None."""

    def __init__(self, length: int = LENGTH) -> None:
        self._length = length
        self._lock = Lock()
        self._oldest = 0
        self._at = array("d")
        self._columns = {name: array("f") for name in ("covers_seconds", *COUNTED, *RATES)}
        self._gaps: deque[dict[str, Any]] = deque(maxlen=MOST_GAPS)

    def add(self, at: float, covers: float, values: Mapping[str, float | None]) -> None:
        """A sample. at: its end, in Unix time. covers: seconds that it stands for. values: by COUNTED and RATES."""
        with self._lock:
            full = len(self._at) == self._length
            self._put(self._at, round(at, 3), full)  # as it is told: it may come back as `since`
            for name, column in self._columns.items():
                value = covers if name == "covers_seconds" else values.get(name)
                self._put(column, nan if value is None else value, full)
            if full:
                self._oldest = (self._oldest + 1) % self._length

    def _put(self, column: array[float], value: float, full: bool) -> None:
        if full:
            column[self._oldest] = value
        else:
            column.append(value)

    def add_gap(self, at: float, seconds: float, why: str) -> None:
        """That something is amiss between the sample before and the one that ends at `at`."""
        self._gaps.append({"at": round(at, 3), "seconds": round(seconds, 3), "why": why})

    def as_dict(self, since: float = 0.0) -> dict[str, Any]:
        """As docs/status-schema.md has it: what ended later than `since`."""
        with self._lock:
            oldest = self._oldest
            times = self._at[oldest:] + self._at[:oldest]
            columns = {name: column[oldest:] + column[:oldest] for name, column in self._columns.items()}
            gaps = [*self._gaps]
        return {
            "seconds": [
                {"at": at} | {name: _plain(name, column[index]) for name, column in columns.items()}
                for index, at in enumerate(giving_way(times))
                if at > since
            ],
            "gaps": [gap for gap in gaps if gap["at"] > since],
        }


def _plain(name: str, value: float) -> float | None:
    if isnan(value):
        return None
    return int(value) if name in COUNTED else round(value, 3)
