"""A look at the server once a second, however many watch, and none while nobody does."""

from __future__ import annotations

from threading import Condition
from time import monotonic

from gearshift.observe.page.rows import totals
from gearshift.observe.page.written import in_pieces, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.observe.error_log import ErrorLog
    from gearshift.observe.page.rows import Selection

EVERY = 1.0  # seconds
LONGEST_WAIT = 10.0  # seconds that a viewer waits for a look that another one takes
MOST_KEPT = 32  # selections of one snapshot that are kept written


class Snapshot:
    """One look, and what viewers have asked of it: equal questions are answered once."""

    kind = b"status"

    def __init__(self, number: int, seen: dict[str, Any]) -> None:
        self.number = number
        self.began = monotonic()
        self._connections = seen.get("connections")
        self._rest = {name: value for name, value in seen.items() if name != "connections"}
        self._written: dict[tuple[object, ...], list[bytes]] = {}
        self._totals: dict[str, Any] | None = None

    def written(self, selection: Selection) -> list[bytes]:
        """All of it as JSON, with the selected connections and what there is of others."""
        found = self._written.get(selection.key)
        if found is None:
            found = in_pieces(self._rest | self._selected(selection))
            if len(self._written) < MOST_KEPT:
                self._written[selection.key] = found
        return found

    def _selected(self, selection: Selection) -> dict[str, Any]:
        if self._connections is None:
            return {}
        if self._totals is None:
            self._totals = totals(self._connections)
        rows, matching = selection.rows(self._connections)
        return {"connections": rows, "connection_totals": self._totals | {"matching": matching}}


class Failure:
    """A look that went wrong."""

    kind = b"trouble"

    def __init__(self, number: int, said: str) -> None:
        self.number = number
        self.began = monotonic()
        self.said = said

    def written(self, selection: Selection) -> list[bytes]:
        return [text_of({"trouble": self.said})]


class Snapshots:
    """Whoever waits first when a look is due takes it; the others get the same."""

    def __init__(self, look: Callable[[], dict[str, Any]], error_log: ErrorLog) -> None:
        self._look = look
        self._error_log = error_log
        self._condition = Condition()
        self._looking = False
        self._closed = False
        self._latest: Snapshot | Failure | None = None

    def after(self, number: int) -> Snapshot | Failure | None:
        """The first one newer than that, as soon as it is there; None once all is closed."""
        while True:
            with self._condition:
                latest = self._latest
                if self._closed:
                    return None
                if latest is not None and latest.number > number:
                    return latest
                due = 0.0 if latest is None else latest.began + EVERY - monotonic()
                if self._looking or due > 0:
                    self._condition.wait(LONGEST_WAIT if self._looking else due)
                    continue
                self._looking = True
            self._take(1 if latest is None else latest.number + 1)

    def latest(self) -> Snapshot | Failure | None:
        """The newest, where it is fresh; else one is taken now. None once all is closed."""
        with self._condition:
            latest = self._latest
        if latest is not None and monotonic() - latest.began < EVERY:
            return latest
        return self.after(0 if latest is None else latest.number)

    def close(self) -> None:
        """Nobody waits any more."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _take(self, number: int) -> None:
        taken: Snapshot | Failure
        try:
            taken = Snapshot(number, self._look())
        except Exception as error:
            if not isinstance(self._latest, Failure):  # once, not every second
                self._error_log.exception("the status page can't see the server", error)
            taken = Failure(number, f"{type(error).__name__}: {error}")
        with self._condition:
            self._latest = taken
            self._looking = False
            self._condition.notify_all()
