"""The typed face of header_table.py."""

from typing import final

OVERHEAD: int
STATIC: tuple[tuple[bytes, bytes], ...]

@final
class HeaderTable:
    """A dynamic table."""

    def __init__(self, limit: int) -> None: ...
    def __len__(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def limit(self) -> int: ...
    @property
    def added(self) -> int: ...
    def fields(self) -> list[tuple[bytes, bytes]]: ...
