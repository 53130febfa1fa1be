"""The typed face of stream.py and of the enum in stream.pxd."""

from enum import IntEnum
from typing import final

from gearshift.http2.codec import Wire
from gearshift.http2.inner import Inner

class Pumped(IntEnum):
    """What became of an attempt to send more of an answer."""

    MORE = 0
    DRY = 1
    BLOCKED = 2
    WHOLE = 3
    BROKEN = 4

@final
class Stream:
    """One stream."""

    since: float
    queued: bool
    pushed: bool
    @property
    def wire(self) -> Wire: ...
    @property
    def inner(self) -> Inner: ...
    @property
    def asked(self) -> bool: ...
