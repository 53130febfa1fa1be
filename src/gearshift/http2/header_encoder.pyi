"""The typed face of header_encoder.py."""

from typing import final

from gearshift.http2.header_table import HeaderTable

TABLE_SIZE: int

@final
class HeaderEncoder:
    """Header blocks written."""

    def __init__(self, table_size: int = ...) -> None: ...
    @property
    def table(self) -> HeaderTable: ...
    def encode(self, fields: list[tuple[bytes, bytes]]) -> bytes: ...
    def resize(self, offered: int) -> None: ...
