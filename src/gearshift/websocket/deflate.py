"""permessage-deflate (RFC 7692): what is agreed on, and a connection's two streams.

Memory is bounded: our window is 4 KiB where the client allows it to be said, the objects are made with the first
message that needs them, and what inflates past the limit of a message is not inflated further. Time is too: a long
message goes through in steps, between which a loop can turn to others.
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
# Bytes that go through in one step, for half a millisecond or so: of a message that is compressed, of one that is to be
# inflated, and of what comes out of that.
DEFLATED_AT_ONCE = 32768
TAKEN_AT_ONCE = 32768
INFLATED_AT_ONCE = 131072


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

    def inflating(self, data: bytes, limit: int) -> Inflating:
        """A message on its way to the bytes that it was, `limit` of them at most."""
        if self._inflater is None:
            self._inflater = zlib.decompressobj(-max(self.their_bits, LEAST_BITS))
        return Inflating(self, self._inflater, data, limit)

    def deflating(self, data: bytes | memoryview) -> Deflating:
        """A message on its way to its compressed bytes."""
        if self._deflater is None:
            self._deflater = zlib.compressobj(wbits=-self.our_bits, memLevel=MEMORY_LEVEL)
        return Deflating(self, self._deflater, data)

    def inflate(self, data: bytes, limit: int) -> bytes:
        """A message's bytes, in one go. Raises InflatedTooLong past the limit, NotDeflated."""
        return _whole(self.inflating(data, limit))

    def deflate(self, data: bytes | memoryview) -> bytes:
        """A message's compressed bytes, in one go."""
        return _whole(self.deflating(data))

    def inflated(self, ended: bool) -> None:
        """A message is through. ended: so is its sender's stream (section 7.2.3.4), and the next begins another."""
        if ended or not self.they_keep:
            self._inflater = None

    def deflated(self) -> None:
        """A message is through."""
        if not self.we_keep:
            self._deflater = None


class Inflating:
    """One message that is inflated. Made by a Deflate, one at a time."""

    def __init__(self, deflate: Deflate, stream: Any, data: bytes, limit: int) -> None:
        self._deflate = deflate
        self._stream = stream
        self._rest = memoryview(data)  # what the stream has not had
        self._ended = False  # it has had all
        self._limit = limit
        self._made = 0  # bytes
        self._pieces: list[bytes] = []

    def step(self) -> bytes | None:
        """The message once it is whole, None before that. Raises InflatedTooLong past the limit, NotDeflated."""
        stream = self._stream
        most = min(INFLATED_AT_ONCE, self._limit + 1 - self._made)
        try:
            piece: bytes = stream.decompress(stream.unconsumed_tail or self._next(), most)
        except zlib.error as error:
            raise NotDeflated(f"a message that can't be inflated: {error}") from None
        self._made += len(piece)
        if self._made > self._limit:
            raise InflatedTooLong
        self._pieces.append(piece)
        # Where a step was filled, the stream may hold more although it has taken all.
        if not stream.eof and (len(piece) == most or stream.unconsumed_tail or not self._ended):
            return None
        self._deflate.inflated(stream.eof)
        return piece if len(self._pieces) == 1 else b"".join(self._pieces)

    def _next(self) -> bytes | memoryview:
        """What the stream is given next. Little at a time: what it does not take, zlib's module copies."""
        piece, self._rest = self._rest[:TAKEN_AT_ONCE], self._rest[TAKEN_AT_ONCE:]
        if self._rest or self._ended:
            return piece
        self._ended = True
        return bytes(piece) + TAIL


class Deflating:
    """One message that is compressed. Made by a Deflate, one at a time."""

    def __init__(self, deflate: Deflate, stream: Any, data: bytes | memoryview) -> None:
        self._deflate = deflate
        self._stream = stream
        self._rest = memoryview(data)
        self._pieces: list[bytes] = []

    def step(self) -> bytes | None:
        """The message once it is compressed, None before that."""
        self._pieces.append(self._stream.compress(self._rest[:DEFLATED_AT_ONCE]))
        self._rest = self._rest[DEFLATED_AT_ONCE:]
        if self._rest:
            return None
        self._pieces.append(self._stream.flush(zlib.Z_SYNC_FLUSH))
        self._deflate.deflated()
        return b"".join(self._pieces)[: -len(TAIL)]


def _whole(steps: Inflating | Deflating) -> bytes:
    done = None
    while done is None:
        done = steps.step()
    return done


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
