"""The typed face of utf8.py."""

from typing import final

@final
class Utf8Check:
    """Whether bytes that come in pieces are UTF-8."""

    def feed(self, text: bytes) -> bool: ...
    @property
    def whole(self) -> bool: ...
