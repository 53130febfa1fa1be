"""The five tables: whose rows they show, which columns, and which of the rows, in what order."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from gearshift.top.columns import (
    CONNECTION_COLUMNS,
    KIND_COLUMNS,
    SLOWEST_COLUMNS,
    STUCK_COLUMNS,
    THREAD_COLUMNS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from gearshift.top.columns import Column, Row

SLOW = 1.0  # seconds in a phase that is meant to end
RESTING = ("idle", "websocket")


class Table(NamedTuple):
    """what: the rows, in words. where: their key in the status, and its key within that. identity: the keys that tell
    a row from all others. searched: the keys that a text is looked for in. sorted_by: the column at first; descending
    or not. legend: what a column's signs mean.
    """

    what: str
    where: tuple[str, ...]
    columns: tuple[Column, ...]
    identity: tuple[str, ...]
    searched: tuple[str, ...]
    sorted_by: int
    descending: bool
    legend: str = ""

    def rows(self, seen: Mapping[str, Any]) -> Sequence[Row] | None:
        """Of a status; None where it tells nothing of them."""
        found: Any = seen
        for key in self.where:
            found = None if found is None else found.get(key)
        return found if isinstance(found, list) else None

    def identity_of(self, row: Row) -> tuple[object, ...]:
        return tuple(row.get(key) for key in self.identity)


CONNECTIONS = Table(
    "connections",
    ("connections",),
    CONNECTION_COLUMNS,
    ("number",),
    (
        "number",
        "remote",
        "local",
        "tcp_state",
        "phase",
        "method",
        "path",
        "owner",
        "engine",
        "protocol",
        "speaks",
        "fd",
        "inode",
    ),
    0,
    False,
)
THREADS = Table(
    "threads",
    ("threads",),
    THREAD_COLUMNS,
    ("native_id",),
    ("name", "native_id", "role", "state", "request", "where"),
    0,
    False,
)
KINDS = Table("kinds of requests", ("times", "kinds"), KIND_COLUMNS, ("kind",), ("kind",), 12, True)
SLOWEST = Table(
    "slowest requests",
    ("times", "slowest"),
    SLOWEST_COLUMNS,
    ("at", "connection", "request"),
    ("request", "kind", "status", "remote", "thread", "connection"),
    3,
    True,
    "split: accept, queue, handler, write",
)
STUCK = Table(
    "stuck requests",
    ("stuck",),
    STUCK_COLUMNS,
    ("connection", "owner", "request"),
    ("request", "owner", "remote", "connection"),
    1,
    True,
)


class Filter(Enum):
    """Which connections are shown. Each value is what a person reads."""

    ALL = "all"
    CLOSE_WAIT = "CLOSE-WAIT"
    IDLE = "idle"
    SLOW = "slow"

    def passes(self, row: Row) -> bool:
        """CLOSE-WAIT: the peer has ended its side, nobody here has. Slow: a second in a phase that is meant to end."""
        if self is Filter.CLOSE_WAIT:
            return row.get("tcp_state") == "CLOSE-WAIT"
        if self is Filter.IDLE:
            return row.get("phase") == "idle"
        if self is Filter.SLOW:
            return row.get("phase") not in RESTING and (row.get("phase_seconds") or 0) >= SLOW
        return True

    def following(self) -> Filter:
        """The next one, and after the last the first."""
        every = list(Filter)
        return every[(every.index(self) + 1) % len(every)]


def matching(rows: Iterable[Row], table: Table, chosen: Filter, text: str) -> list[Row]:
    """The rows that pass the filter and hold the text, whatever its case."""
    found = list(rows) if chosen is Filter.ALL else [row for row in rows if chosen.passes(row)]
    wanted = text.casefold()
    if not wanted:
        return found
    searched = table.searched
    # The null character keeps a text from being found across two values.
    return [
        row
        for row in found
        if wanted in "\0".join([str(row[key]) for key in searched if row.get(key) is not None]).casefold()
    ]


def ordered(rows: Iterable[Row], column: Column, descending: bool) -> list[Row]:
    """By the column's values; those that have none come last in either direction."""
    known, unknown = [], []
    for row in rows:
        value = column.value(row)
        if value is None or value == "":
            unknown.append(row)
        else:
            known.append((value, row))
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in known] + unknown
