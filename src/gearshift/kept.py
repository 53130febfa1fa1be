"""What goes on from engine to engine of one server: counts, times, the roster, and what every service is told alike."""

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
    """The last arguments of a Service, from `counts` on. engine: the one in gear.

    Raises SettingError for settings that exclude each other.
    """
    forwarding = compression = None
    said = ("trusted_proxies", "forwarded_fields", "proxy_protocol", "root_path", "root_path_kept")
    if any(settings.source(name) != "default" for name in said):
        from gearshift.proxy.configured import forwarding_of

        forwarding = forwarding_of(settings)
    if settings.compress:
        from gearshift.compression.choice import Compression

        compression = Compression(settings.compress, settings.compress_min, settings.compress_private)
    http2 = http2_application(settings, error_log, engine)
    return Counters(), Times(), Roster(), raw is not None, forwarding, compression, http2
