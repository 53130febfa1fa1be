"""The typed face of header_decoder.py."""

from typing import final

from gearshift.http2.header_table import HeaderTable

TABLE_SIZE: int

@final
class HeaderDecoder:
    """Header blocks read."""

    def __init__(self, most: int, table_size: int = ...) -> None: ...
    @property
    def table(self) -> HeaderTable: ...
    def decode(self, block: bytes) -> list[tuple[bytes, bytes]]: ...
