"""The typed face of reader.py and of the enums in reader.pxd."""

from enum import IntEnum
from typing import final

from gearshift.websocket.deflate import Deflate

class Told(IntEnum):
    """What Reader.feed() answers."""

    MORE = 0
    TEXT = 1
    BINARY = 2
    PING = 3
    PONG = 4
    CLOSE = 5
    BROKEN = 6
    GO_ON = 7
    LATER = 8

class Within(IntEnum):
    """What a Reader reads next."""

    HEAD = 0
    PAYLOAD = 1
    INFLATION = 2
    ENDED = 3

TRANSITIONS: dict[Within, tuple[Within, ...]]

@final
class Reader:
    """A client's frames: bytes in, messages and control frames out."""

    def __init__(self, limit: int, inflater: Deflate | None = None) -> None: ...
    @property
    def within(self) -> Within: ...
    @property
    def message(self) -> str | bytes | None: ...
    @property
    def code(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def taken(self) -> int: ...
    def feed(self, data: bytearray) -> Told: ...
