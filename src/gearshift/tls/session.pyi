"""The typed face of session.py and of the enums in session.pxd."""

from enum import IntEnum
from ssl import SSLObject
from typing import final

from gearshift.tls.keyring import Identity, Keyring

class Shake(IntEnum):
    """How far a handshake has come."""

    MORE_IS_NEEDED = 0
    AGREED = 1
    FAILED = 2
    NOT_TLS = 3

class Seal(IntEnum):
    """What can be said over a connection."""

    SHAKING = 0
    SOUND = 1
    SHUT = 2
    BROKEN = 3

TRANSITIONS: dict[Seal, tuple[Seal, ...]]

@final
class TlsSession:
    """One TLS connection."""

    def __init__(self, keyring: Keyring) -> None: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def ssl_object(self) -> SSLObject: ...
    @property
    def seal_state(self) -> Seal: ...
    @property
    def wire_ended(self) -> bool: ...
    @property
    def version(self) -> str: ...
    @property
    def cipher(self) -> str: ...
    @property
    def key_bits(self) -> int: ...
    @property
    def alpn(self) -> str: ...
    @property
    def in_kernel(self) -> bool: ...
    @property
    def failure(self) -> str: ...
