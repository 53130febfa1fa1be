"""What goes on from engine to engine of one server: counts, times, the roster, the streams of HTTP/2."""

from __future__ import annotations

from gearshift.counters import Counters
from gearshift.http2 import http2_application
from gearshift.roster import Roster
from gearshift.times import Times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.observe.error_log import ErrorLog
    from gearshift.raw.hosting import RawHandlers
    from gearshift.settings import Settings


def kept_between_engines(
    settings: Settings, raw: RawHandlers | None, error_log: ErrorLog, engine: Callable[[], Any]
) -> tuple[Any, ...]:
    """The last arguments of a Service, from `counts` on. engine: the one in gear. Raises MissingExtraError."""
    return Counters(), Times(), Roster(), raw is not None, http2_application(settings, error_log, engine)
