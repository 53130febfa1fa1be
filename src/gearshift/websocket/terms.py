"""What a server grants its WebSockets."""

from __future__ import annotations


class Terms:
    """limit: bytes of a message, inflated. compress: whether permessage-deflate is agreed to; compress_from: bytes that
    a message must have for it. ping_after: seconds of a peer's silence after which it is asked for a sign of life, 0
    never. ping_within: seconds in which it must give one; also those in which it must answer a close.
    """

    __slots__ = ("compress", "compress_from", "limit", "ping_after", "ping_within")

    def __init__(
        self,
        limit: int = 16_777_216,
        compress: bool = True,
        compress_from: int = 256,
        ping_after: float = 20.0,
        ping_within: float = 20.0,
    ) -> None:
        self.limit = limit
        self.compress = compress
        self.compress_from = compress_from
        self.ping_after = ping_after
        self.ping_within = ping_within
