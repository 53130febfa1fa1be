"""HTTP/2 outside, HTTP/1.1 inside: each stream is carried to a connection of its own, which any engine serves."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.http2.conversation import Http2Application
    from gearshift.observe.error_log import ErrorLog
    from gearshift.settings import Settings


def http2_application(
    settings: Settings, error_log: ErrorLog, engine: Callable[[], Any]
) -> Http2Application | None:
    """What speaks HTTP/2 where a client begins with it; None where the setting `http2` is off.

    engine: the one in gear, which streams are given to.
    """
    if settings.http2 == "off":
        return None
    from gearshift.http2.conversation import Http2Application
    from gearshift.http2.gateway import Gateway, Terms

    terms = Terms(
        settings.http2_streams,
        settings.limit_head,
        settings.timeout_write,
        settings.max_connections,
    )
    return Http2Application(Gateway(engine, error_log, terms), error_log)
