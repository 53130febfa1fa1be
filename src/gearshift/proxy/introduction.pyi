"""The typed face of introduction.py."""

from enum import IntEnum

SIGNATURE: bytes
TRANSITIONS: dict[Progress, tuple[Progress, ...]]

class Progress(IntEnum):
    """How far an introduction has come."""

    BEGUN = 0
    WHOLE = 1
    BROKEN = 2

class Introduction:
    """What a proxy says of its client before the client's first byte."""

    @property
    def progress(self) -> Progress: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> str: ...
    @property
    def described(self) -> bool: ...
    @property
    def secured(self) -> bool: ...
    def receive(self, data: bytes) -> int: ...
