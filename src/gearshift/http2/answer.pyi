"""The typed face of answer.py and of the enums in answer.pxd."""

from enum import IntEnum
from typing import Any, final

class Part(IntEnum):
    """What comes next."""

    HEAD = 0
    SIZED = 1
    CHUNK_SIZE = 2
    CHUNK_DATA = 3
    CHUNK_END = 4
    TRAILERS = 5
    TUNNEL = 6
    DONE = 7

class Told(IntEnum):
    """What bytes have brought."""

    NOTHING = 0
    INTERIM = 1
    FINAL = 2
    DATA = 3
    TRAILING = 4

class BrokenAnswer(Exception):
    """What came is no answer, or ended before its end."""

@final
class AnswerHead:
    """What a head says."""

    @property
    def fields(self) -> list[tuple[bytes, bytes]]: ...
    @property
    def status(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def chunked(self) -> bool: ...
    @property
    def closes(self) -> bool: ...

@final
class AnswerReader:
    """Reads one answer."""

    def __init__(self, method: bytes) -> None: ...
    @property
    def part(self) -> Part: ...
    @property
    def keeps(self) -> bool: ...
    @property
    def head(self) -> AnswerHead | None: ...
    @property
    def trailers(self) -> list[tuple[bytes, bytes]] | None: ...
    @property
    def taken(self) -> int: ...
    @property
    def skipped(self) -> int: ...
    @property
    def length(self) -> int: ...
    def read(self, data: bytes) -> list[tuple[Told, Any]]: ...
    def end(self) -> None: ...
