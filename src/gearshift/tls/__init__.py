"""TLS: between the bytes on the wire and the protocols. No engine knows of it; who serves without imports nothing."""

from __future__ import annotations

import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gearshift.listeners import Listener
    from gearshift.observe.error_log import ErrorLog
    from gearshift.settings import Settings
    from gearshift.tls.renewal import Renewal


def secured(settings: Settings, listeners: Iterable[Listener], error_log: ErrorLog) -> Renewal | None:
    """Gives every TCP listener the keyring that the settings ask for; returns who looks after it, not yet started. None
    where no TLS is asked for. Raises SettingError for certificates that can't be used.
    """
    if not settings.certfile:
        if (
            settings.keyfile
            or settings.client_ca
            or settings.client_certificate != "off"
            or settings.kernel_tls
        ):
            from gearshift.errors import SettingError

            raise SettingError(
                "--certfile: found nothing, expected a certificate beside the other settings of TLS"
            )
        return None
    from gearshift.tls.keyring import Keyring
    from gearshift.tls.renewal import Renewal

    offload = None
    if settings.kernel_tls:
        from gearshift.tls.offload import offload_to_be_had

        offload = offload_to_be_had(error_log)
    keyring = Keyring(settings, offload)
    for listener in listeners:
        if listener.family != socket.AF_UNIX:
            listener.keyring = keyring
    return Renewal(keyring, error_log)
