"""What must be remembered between two scrapes, so that counters only rise and labels stay few."""

from __future__ import annotations

MOST_KINDS = 50
OTHER = "other"


class MetricMemory:
    """Of one server."""

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._changes = 0
        self._changes_before = 0

    def label_of(self, kind: str) -> str:
        """A kind's own name for the first MOST_KINDS that are met, else `other`; for good, or `other` would fall."""
        if kind in self._named:
            return kind
        if kind == OTHER or len(self._named) >= MOST_KINDS:
            return OTHER
        self._named.add(kind)
        return kind

    def leader_changes(self, count: int) -> int:
        """Since the server's start. count: of the engine that serves, which begins at 0 after a shift."""
        if count < self._changes:
            self._changes_before += self._changes
        self._changes = count
        return self._changes_before + count
