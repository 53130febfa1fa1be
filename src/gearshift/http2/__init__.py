"""HTTP/2 outside, HTTP/1.1 inside: each stream is carried to a connection of its own, which any engine serves."""

from __future__ import annotations

from gearshift.errors import MissingExtraError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.http2.conversation import Http2Application
    from gearshift.observe.error_log import ErrorLog
    from gearshift.settings import Settings


def installed() -> bool:
    """Whether the extra `http2` is."""
    from importlib.util import find_spec

    return find_spec("h2") is not None


def speaks_http2(settings: Settings) -> bool:
    """Whether clients that ask for it are answered so."""
    return settings.http2 != "off" and installed()


def http2_application(
    settings: Settings, error_log: ErrorLog, engine: Callable[[], Any]
) -> Http2Application | None:
    """What speaks HTTP/2 where a client begins with it; None where the setting `http2` is off.

    engine: the one in gear, which streams are given to. Raises MissingExtraError where it is on and can't be had;
    with `auto` that is found out when the first client wants it.
    """
    if settings.http2 == "off":
        return None
    from gearshift.http2.conversation import Http2Application
    from gearshift.http2.gateway import Gateway, Terms

    gateway = Gateway(
        engine,
        error_log,
        Terms(
            settings.http2_streams,
            settings.limit_head,
            settings.timeout_write,
            settings.max_connections,
        ),
    )
    if settings.http2 == "on" and not gateway.installed():
        raise MissingExtraError("--http2", "h2", "http2")
    return Http2Application(gateway, error_log)
