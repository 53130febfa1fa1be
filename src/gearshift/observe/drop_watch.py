"""New connections that were dropped, told in the error log once for each burst: how many, why, and what to do."""

from __future__ import annotations

from gearshift.observe import queue_words
from gearshift.observe.bursts import Burst
from gearshift.observe.queues import listener_seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gearshift.kernel.listening import Listening
    from gearshift.listeners import Listener
    from gearshift.observe.error_log import ErrorLog

COUNTERS = ("ListenOverflows", "TCPReqQFullDrop", "SyncookiesSent")


class DropWatch:
    """Is told once a second what there is now, and finds what has come since. A listener that was opened here has
    dropped nothing before it was; of one that was inherited, what was there at the first look is somebody else's.
    """

    def __init__(self, listeners: Sequence[Listener], error_log: ErrorLog) -> None:
        self._listeners = listeners
        self._error_log = error_log
        self._drops: list[int | None] = [None if listener.inherited else 0 for listener in listeners]
        self._bursts = [Burst() for _ in listeners]
        self._host: Mapping[str, int] | None = None
        self._overflows, self._cookies = Burst(), Burst()

    def look(
        self,
        now: float,
        seen: Sequence[Listening],
        half_open: Mapping[int, int | None],
        host: Mapping[str, int] | None,
        engine: str,
        busy: str,
    ) -> int | None:
        """How many have been dropped since the last look; None where no listener tells. seen: with the most that have
        waited since. busy: what the engine has to do, in words.
        """
        rise = _rise(self._host, host)
        self._host = host
        found = []
        for index, (listener, queue) in enumerate(zip(self._listeners, seen, strict=True)):
            before, self._drops[index] = self._drops[index], queue.drops
            if queue.drops is None:
                continue
            dropped = 0 if before is None else max(0, queue.drops - before)
            found.append(dropped)
            burst = self._bursts[index]
            if burst.begins(now, dropped):
                told = listener_seen(listener, listener.fd, queue, half_open.get(listener.fd))
                told["drops"] = dropped
                self._error_log.warning(queue_words.drops(told, rise, engine, busy))
            elif burst.ends(now):
                self._tell_end(listener.url, "dropped", burst)
        if not found and self._overflows.begins(now, rise.get("ListenOverflows", 0)):
            self._error_log.warning(queue_words.overflows(rise["ListenOverflows"]))
        elif self._overflows.ends(now):
            self._tell_end("net namespace", "accept-queue overflows", self._overflows)
        self._look_at_cookies(now, seen, half_open, rise)
        return sum(found) if found else None

    def _look_at_cookies(
        self,
        now: float,
        seen: Sequence[Listening],
        half_open: Mapping[int, int | None],
        rise: Mapping[str, int],
    ) -> None:
        sent = rise.get("SyncookiesSent", 0)
        if self._cookies.begins(now, sent):
            listeners = [
                listener_seen(listener, listener.fd, queue, half_open.get(listener.fd))
                for listener, queue in zip(self._listeners, seen, strict=True)
            ]
            self._error_log.warning(queue_words.cookies(sent, listeners))
        elif self._cookies.ends(now):
            self._tell_end("net namespace", "SYN cookies sent", self._cookies)

    def _tell_end(self, where: str, what: str, burst: Burst) -> None:
        """Where more has come than was told when it began."""
        if burst.number > burst.told:
            lasted = burst.last - burst.began
            self._error_log.info(f"{where}: {burst.number} {what} within {lasted:.0f} s, none since")


def _rise(before: Mapping[str, int] | None, after: Mapping[str, int] | None) -> dict[str, int]:
    """Events since the last reading; a counter that is in one of them only has none."""
    if before is None or after is None:
        return {}
    return {name: max(0, after[name] - before[name]) for name in COUNTERS if name in before and name in after}
