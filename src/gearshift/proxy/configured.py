"""From the settings to what an engine's service knows of proxies; nothing of it is loaded where nothing is set."""

from __future__ import annotations

from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.proxy.forwarding import Forwarding
    from gearshift.settings import Settings


def forwarding_of(settings: Settings) -> Forwarding | None:
    """None where no proxy is trusted and no prefix is set. Raises SettingError for what makes no sense together."""
    if not settings.trusted_proxies:
        if settings.proxy_protocol:
            raise SettingError(
                "--proxy-protocol: found no --trusted-proxies, expected the addresses it comes from"
            )
        if settings.source("forwarded_fields") != "default":
            raise SettingError(
                "--forwarded-fields: found no --trusted-proxies, expected the addresses they come from"
            )
    if (
        settings.root_path_kept
        and not settings.root_path
        and "x-forwarded-prefix" not in settings.forwarded_fields
    ):
        raise SettingError("--root-path-kept: found no --root-path, expected the path that is kept")
    if not settings.trusted_proxies and not settings.root_path:
        return None
    from gearshift.proxy.forwarding import Forwarding
    from gearshift.proxy.trust import Trust

    names = tuple(name.encode() for name in settings.forwarded_fields) if settings.trusted_proxies else ()
    return Forwarding(
        Trust(settings.trusted_proxies),
        names,
        settings.root_path,
        settings.root_path_kept,
        settings.proxy_protocol,
    )
