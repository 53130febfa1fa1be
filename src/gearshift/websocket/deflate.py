"""permessage-deflate (RFC 7692): what is agreed on, and a connection's two streams.

Memory is bounded: our window is 4 KiB where the client allows it to be said, the objects are made with the first
message that needs them, and what inflates past the limit of a message is not inflated further.
"""

from __future__ import annotations

import zlib

from gearshift.websocket.offers import extensions_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.websocket.offers import Parameters

NAME = b"permessage-deflate"
TAIL = b"\x00\x00\xff\xff"  # ends every message, and is not sent (section 7.2.1)
OUR_BITS = 12  # window of 4 KiB: of small messages a larger one finds little more
MEMORY_LEVEL = 5  # 16 KiB of hash chains beside it, where 8 would take 128
LEAST_BITS = 9  # zlib has no raw stream with 8
MOST_BITS = 15


class InflatedTooLong(Exception):
    """A message that is longer than the limit once it is inflated."""


class NotDeflated(Exception):
    """Bytes that are no deflated message."""


class Deflate:
    """One connection's compression. bits: of the windows; keeps: whether they outlive a message."""

    def __init__(
        self,
        their_bits: int = MOST_BITS,
        our_bits: int = OUR_BITS,
        they_keep: bool = True,
        we_keep: bool = True,
    ) -> None:
        self.their_bits = their_bits
        self.our_bits = our_bits
        self.they_keep = they_keep
        self.we_keep = we_keep
        self._inflater: Any = None
        self._deflater: Any = None

    def inflate(self, data: bytes, limit: int) -> bytes:
        """A message's bytes. Raises InflatedTooLong past the limit, NotDeflated."""
        if self._inflater is None:
            self._inflater = zlib.decompressobj(-max(self.their_bits, LEAST_BITS))
        stream = self._inflater
        try:
            inflated: bytes = stream.decompress(data + TAIL, limit + 1)
            if len(inflated) <= limit and stream.unconsumed_tail:
                inflated += stream.decompress(stream.unconsumed_tail, limit + 1 - len(inflated))
        except zlib.error as error:
            raise NotDeflated(f"a message that can't be inflated: {error}") from None
        if len(inflated) > limit:
            raise InflatedTooLong
        # A sender may end its stream with a message (section 7.2.3.4): the next begins another.
        if not self.they_keep or stream.eof:
            self._inflater = None
        return inflated

    def deflate(self, data: bytes | memoryview) -> bytes:
        """A message's compressed bytes."""
        if self._deflater is None:
            self._deflater = zlib.compressobj(wbits=-self.our_bits, memLevel=MEMORY_LEVEL)
        stream = self._deflater
        deflated: bytes = stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
        if not self.we_keep:
            self._deflater = None
        return deflated[: -len(TAIL)]


def agree(offers: bytes | None) -> tuple[Deflate | None, bytes]:
    """What of a client's Sec-WebSocket-Extensions is taken: the first offer that can be met, and the answer to it.

    Raises MalformedOffer.
    """
    for name, parameters in extensions_in(offers or b""):
        if name.lower() == NAME:
            taken = _met(parameters)
            if taken is not None:
                return taken, _answer(taken, any(name == b"client_max_window_bits" for name, _ in parameters))
    return None, b""


def _met(parameters: Parameters) -> Deflate | None:
    """The connection that an offer leads to; None where it is declined (section 7.1)."""
    taken = Deflate()
    seen = set()
    for name, value in parameters:
        if name in seen:
            return None
        seen.add(name)
        if name in (b"server_no_context_takeover", b"client_no_context_takeover") and value is None:
            if name.startswith(b"server"):
                taken.we_keep = False
            else:
                taken.they_keep = False
        elif name == b"server_max_window_bits":
            bits = _bits(value or b"")
            if bits < LEAST_BITS:
                return None
            taken.our_bits = min(bits, OUR_BITS)
        elif name == b"client_max_window_bits":
            bits = MOST_BITS if value is None else _bits(value)
            if bits == 0:
                return None
            taken.their_bits = min(bits, OUR_BITS)
        else:
            return None
    return taken


def _bits(value: bytes) -> int:
    """8 to 15, or 0 for what is no such number."""
    if not value.isdigit() or value.startswith(b"0") or len(value) > 2 or not 8 <= int(value) <= MOST_BITS:
        return 0
    return int(value)


def _answer(taken: Deflate, may_bound_client: bool) -> bytes:
    parts = [NAME, b"server_max_window_bits=%d" % taken.our_bits]
    if not taken.we_keep:
        parts.append(b"server_no_context_takeover")
    if not taken.they_keep:
        parts.append(b"client_no_context_takeover")
    if may_bound_client:
        parts.append(b"client_max_window_bits=%d" % taken.their_bits)
    return b"; ".join(parts)
