"""Which connections a viewer sees of thousands: found, sorted, no more than asked for; and how many of each kind."""

from __future__ import annotations

from collections import Counter
from heapq import nsmallest
from urllib.parse import parse_qs

from gearshift.kernel.giving_way import giving_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    Row = Mapping[str, Any]

MOST_ROWS = 500
FEW_ROWS = 50
SLOW = 1.0  # seconds in a phase that is meant to end
RESTING = ("idle", "websocket")
SORTED_BY = frozenset(
    {
        *("number", "protocol", "local", "remote", "fd", "inode", "engine", "owner", "tcp_state", "phase"),
        *("age_seconds", "phase_seconds", "requests", "bytes_in", "bytes_out", "method", "path"),
        *(
            "rtt_ms",
            "retransmits",
            "unread",
            "unsent",
            "speaks",
            "tls_version",
            "tls_cipher",
            "tls_sealed_by",
            "messages_in",
            "messages_out",
        ),
    }
)
SEARCHED = ("remote", "local", "protocol", "speaks", "owner", "tcp_state", "phase", "method", "path")
PRESETS: dict[str, Callable[[Row], bool]] = {
    "close-wait": lambda row: row.get("tcp_state") == "CLOSE-WAIT",
    "idle": lambda row: row.get("phase") == "idle",
    "slow": lambda row: row.get("phase") not in RESTING and (row.get("phase_seconds") or 0.0) >= SLOW,
}


class WrongQuery(ValueError):
    """What is asked of the rows can't be, in words."""


class Selection:
    """Of which connections rows are wanted: sorted by what, with which words, of which preset, how many."""

    __slots__ = ("descending", "limit", "show", "sort", "words")

    def __init__(
        self,
        sort: str = "number",
        words: str = "",
        show: str = "",
        limit: int = FEW_ROWS,
        descending: bool = False,
    ) -> None:
        self.sort = sort
        self.descending = descending
        self.words = tuple(words.lower().split())
        self.show = show
        self.limit = limit

    @classmethod
    def of(cls, query: str) -> Selection:
        """What `sort=-age_seconds&filter=TEXT&show=idle&limit=50` asks for. Raises WrongQuery."""
        said = {name: values[-1] for name, values in parse_qs(query).items()}
        sort, show, limit = said.get("sort", "number"), said.get("show", ""), said.get("limit", str(FEW_ROWS))
        column = sort.removeprefix("-")
        if column not in SORTED_BY:
            raise WrongQuery(f"sort: found {column!r}, expected one of {', '.join(sorted(SORTED_BY))}")
        if show and show not in PRESETS:
            raise WrongQuery(f"show: found {show!r}, expected one of {', '.join(PRESETS)}")
        if not (limit.isascii() and limit.isdigit() and len(limit) < 10):
            raise WrongQuery(f"limit: found {limit!r}, expected a number from 0 to {MOST_ROWS}")
        return cls(column, said.get("filter", ""), show, min(int(limit), MOST_ROWS), sort != column)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal where the rows will be."""
        return self.sort, self.descending, self.words, self.show, self.limit

    def admits(self, row: Row) -> bool:
        if self.show and not PRESETS[self.show](row):
            return False
        if not self.words:
            return True
        text = " ".join(str(row[name]) for name in SEARCHED if row.get(name) is not None).lower()
        return all(word in text for word in self.words)

    def rows(self, connections: Iterable[Row]) -> tuple[list[Row], int]:
        """Those to show, and how many match; other threads have a turn meanwhile."""
        known: list[Row] = []
        unknown: list[Row] = []
        for row in giving_way(connections):
            if self.admits(row):
                (unknown if row.get(self.sort) is None else known).append(row)
        if self.descending:
            first = nsmallest(self.limit, known, key=lambda row: _Reversed(row[self.sort]))
        else:
            first = nsmallest(self.limit, known, key=lambda row: row[self.sort])
        return [*first, *unknown][: self.limit], len(known) + len(unknown)


class _Reversed:
    """A value that comes first where it would come last."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)


def totals(connections: Iterable[Row]) -> dict[str, Any]:
    """How many connections there are of each phase, TCP state and preset."""
    phases: Counter[str] = Counter()
    states: Counter[str] = Counter()
    presets = dict.fromkeys(PRESETS, 0)
    count = 0
    for row in giving_way(connections):
        count += 1
        phases[row.get("phase") or "unknown"] += 1
        states[row.get("tcp_state") or "unknown"] += 1
        for name, admits in PRESETS.items():
            presets[name] += admits(row)
    return {"all": count, "phases": dict(phases), "tcp_states": dict(states), "presets": presets}
