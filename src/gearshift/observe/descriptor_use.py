"""What the open descriptors are for: connections, listeners, the server's own, and those that none of these explain,
which the application has opened because it needs them, or has lost.
"""

from __future__ import annotations

from time import monotonic

from gearshift.kernel.descriptors import descriptors, kind
from gearshift.kernel.destinations import destinations
from gearshift.observe import queue_words
from gearshift.observe.growth import Growth
from gearshift.observe.seldom import Seldom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from gearshift.listeners import Listener
    from gearshift.observe.error_log import ErrorLog
    from gearshift.observe.own_descriptors import OwnDescriptors

STANDARD_STREAMS = (0, 1, 2)
# Those of the engines, and of the event loops; and what the interpreter keeps open for random numbers.
OF_ENGINES = ("epoll", "eventfd", "io_uring")
RANDOM = ("/dev/urandom", "/dev/random")
MOST_DESTINATIONS = 5
SHORT = 0.9  # of the limit: it is time to warn
ENOUGH = 0.8  # below it a shortage is over


class DescriptorUse:
    """Looked at by whoever asks for the status, and by the sampler, which says in the error log when they run short and
    when the unexplained ones go on growing.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        own: Callable[[], OwnDescriptors],
        error_log: ErrorLog,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._listeners = listeners
        self._own = own
        self._error_log = error_log
        self._clock = clock
        self._growth = Growth()
        self._short = self._leak_told = False
        self._look = Seldom(self._looked, clock=clock)

    def seen(self) -> dict[str, Any] | None:
        """As docs/status-schema.md has it; None where /proc isn't to be read."""
        found, age = self._look.value_and_age()
        if found is None:
            return None
        return found | {"growing": self._growth.growing, "age_seconds": round(age, 3)}

    def watch(self) -> None:
        """To be called every few seconds: tells the log what it must know."""
        found = self.seen()
        if found is None:
            return
        self._growth.look(self._clock(), found["unexplained"])
        if found["open"] > SHORT * found["limit"]:
            if not self._short:
                self._error_log.warning(queue_words.open_descriptors(found))
            self._short = True
        elif found["open"] < ENOUGH * found["limit"]:
            self._short = False
        if self._growth.growing and not self._leak_told:
            self._error_log.warning(queue_words.leak(found, *self._growth.gained))
        self._leak_told = self._growth.growing

    def _looked(self) -> dict[str, Any] | None:
        own = self._own()
        fds = [fd for listener in self._listeners if (fd := listener.fd) >= 0]
        listening = [*fds, *own.listening]
        found = descriptors([*STANDARD_STREAMS, *own.descriptors, *listening], listening)
        if found is None:
            return None
        unexplained: dict[str, int] = {}
        for link, number in found.links.items():
            name = kind(link)
            if name not in OF_ENGINES and link not in RANDOM and not _is_within(link, own.folder):
                unexplained[name] = unexplained.get(name, 0) + number
        leading = destinations(found.others).most_common()
        total = len(found.others) + sum(unexplained.values())
        if found.others:
            unexplained["socket"] = len(found.others)
        return {
            "open": found.open,
            "limit": found.limit,
            "by_kind": found.by_kind,
            "sockets": found.by_kind.get("socket", 0),
            "explained": found.open - total,
            "unexplained": total,
            "unexplained_by_kind": dict(sorted(unexplained.items(), key=lambda item: -item[1])),
            "leads_to": [
                {"protocol": to.protocol, "to": to.to or None, "state": to.state or None, "number": number}
                for to, number in leading[:MOST_DESTINATIONS]
            ],
        }


def _is_within(link: str, folder: str) -> bool:
    return bool(folder) and (link == folder or link.startswith(folder.rstrip("/") + "/"))
