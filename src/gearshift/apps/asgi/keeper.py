"""Looks after the open WebSockets of an application, from its loop: who is silent for too long, who does not close.

One timer for all of them, in no engine: so pings and the end of a drain are the same in each.
"""

from __future__ import annotations

from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle

    from gearshift.apps.asgi.websocket import WebSocketExchange
    from gearshift.websocket.terms import Terms

LOOKS = 4  # in the shortest time that is to be kept
SHORTEST, LONGEST = 0.02, 1.0  # seconds between two looks


class Keeper:
    """In the loop's thread."""

    def __init__(self, loop: AbstractEventLoop, terms: Terms) -> None:
        self._loop = loop
        self._open: set[WebSocketExchange] = set()
        self._timer: TimerHandle | None = None
        kept = [seconds for seconds in (terms.ping_after, terms.ping_within) if seconds > 0]
        self.interval = max(SHORTEST, min(LONGEST, *(seconds / LOOKS for seconds in kept)))

    def enter(self, exchange: WebSocketExchange) -> None:
        """It has been accepted."""
        self._open.add(exchange)
        if self._timer is None:
            self._timer = self._loop.call_later(self.interval, self._look)

    def go_away(self) -> None:
        """The server ends: they are told so."""
        for exchange in self._open:
            exchange.go_away()

    def _look(self) -> None:
        now = monotonic()
        self._open = {exchange for exchange in self._open if exchange.look(now)}
        self._timer = self._loop.call_later(self.interval, self._look) if self._open else None
