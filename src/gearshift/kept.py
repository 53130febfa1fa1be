"""What goes on from engine to engine of one server: counts, times, the roster, and what every service is told alike."""

from __future__ import annotations

from gearshift.counters import Counters
from gearshift.roster import Roster
from gearshift.times import Times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.settings import Settings


def kept_between_engines(settings: Settings, wakes: bool) -> tuple[Any, ...]:
    """The last arguments of a Service, from `counts` on. Raises SettingError for settings that exclude each other."""
    forwarding = compression = None
    said = ("trusted_proxies", "forwarded_fields", "proxy_protocol", "root_path", "root_path_kept")
    if any(settings.source(name) != "default" for name in said):
        from gearshift.proxy.configured import forwarding_of

        forwarding = forwarding_of(settings)
    if settings.compress:
        from gearshift.compression.choice import Compression

        compression = Compression(settings.compress, settings.compress_min, settings.compress_private)
    return Counters(), Times(), Roster(), wakes, forwarding, compression
