"""The typed face of request.py."""

from enum import IntEnum
from typing import final

class Known(IntEnum):
    """Which of the fields that matter to a server were seen; a bit each."""

    KNOWN_HOST = 1
    KNOWN_LENGTH = 2
    KNOWN_CODING = 4
    KNOWN_CONNECTION = 8
    KNOWN_EXPECT = 16
    KNOWN_CONDITION = 32
    KNOWN_RANGE = 64
    KNOWN_ACCEPT_ENCODING = 128
    KNOWN_UPGRADE = 256

@final
class Request:
    """What a client asked for; read-only to applications."""

    @property
    def method(self) -> bytes: ...
    @property
    def target(self) -> bytes: ...
    @property
    def path(self) -> bytes: ...
    @property
    def query(self) -> bytes: ...
    @property
    def headers(self) -> list[tuple[bytes, bytes]]: ...
    @property
    def minor(self) -> int: ...
    @property
    def content_length(self) -> int: ...
    @property
    def chunked(self) -> bool: ...
    @property
    def expects_continue(self) -> bool: ...
    @property
    def wants_close(self) -> bool: ...
    @property
    def wants_keep_alive(self) -> bool: ...
    @property
    def is_conditional(self) -> bool: ...
    def header(self, name: bytes) -> bytes | None: ...
