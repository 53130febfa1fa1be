"""Raw handlers: what is served where no HTTP is spoken, over TCP and over UDP."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.observe.error_log import ErrorLog
    from gearshift.raw.hosting import RawHandlers
    from gearshift.settings import Settings


def raw_handlers(settings: Settings, error_log: ErrorLog, alone: bool) -> RawHandlers | None:
    """Those that the settings name; None where they name none. alone: nothing else is to be served.

    Raises SettingError and ApplicationLoadError for what can't be served.
    """
    if not (settings.tcp or settings.udp or settings.tcp_bind or settings.udp_bind):
        return None
    from gearshift.raw.hosting import RawHandlers  # others do without

    return RawHandlers(settings, error_log, alone)
