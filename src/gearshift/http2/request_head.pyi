"""The typed face of request_head.py."""

from typing import final

class MalformedRequest(Exception):
    """RFC 9113 section 8.1.1."""

@final
class RequestHead:
    """The head of a request to an inner connection."""

    @property
    def text(self) -> bytes: ...
    @property
    def method(self) -> bytes: ...
    @property
    def chunked(self) -> bool: ...
    @property
    def tunnel(self) -> bool: ...
    @property
    def length(self) -> int: ...

def request_head(fields: list[tuple[bytes, bytes]], ended: bool) -> RequestHead: ...
def trailer_lines(fields: list[tuple[bytes, bytes]]) -> bytes: ...
