"""A WebSocket client that sends exactly the frames it is told to."""

from __future__ import annotations

import base64
import os
import struct
from typing import NamedTuple

from tests.support.servers import Running
from tests.support.wire import Wire

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = base64.b64encode(bytes(range(16))).decode()
FIELDS = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    f"Sec-WebSocket-Key: {KEY}",
    "Sec-WebSocket-Version: 13",
)
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"


class Frame(NamedTuple):
    """One that came."""

    opcode: int
    payload: bytes
    first: int  # its first byte

    @property
    def code(self) -> int:
        """Of a close frame; 1005 where it has none."""
        assert self.opcode == CLOSE
        return struct.unpack("!H", self.payload[:2])[0] if self.payload else 1005


def handshake(path: str = "/", *more: str, fields: tuple[str, ...] = FIELDS, line: str = "") -> bytes:
    """The request for a WebSocket."""
    lines = [line or f"GET {path} HTTP/1.1", "Host: example.com", *fields, *more]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """One frame of a client."""
    first = (0x80 if fin else 0) | rsv | opcode
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack("!BB", first, mask_bit | len(payload))
    elif len(payload) < 65536:
        head = struct.pack("!BBH", first, mask_bit | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, len(payload))
    if not masked:
        return head + payload
    key = os.urandom(4)
    wide = int.from_bytes(key * (len(payload) // 4 + 1), "big") >> 8 * (4 - len(payload) % 4)
    hidden = (int.from_bytes(payload, "big") ^ wide).to_bytes(len(payload), "big")
    return head + key + hidden


def close(code: int = 1000, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


class Talk:
    """One WebSocket on a wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def send(self, opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> None:
        self.wire.send(frame(opcode, payload, fin=fin, rsv=rsv))

    def frame(self) -> Frame:
        """The next frame; a server's are not masked."""
        first, second = self._take(2)
        assert not second & 0x80, "a server's frame is masked"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        return Frame(first & 15, self._take(length), first)

    def message(self) -> str | bytes:
        """The next frame, which must be a whole message."""
        got = self.frame()
        assert got.first & 0x80, got
        assert got.opcode in (TEXT, BINARY), got
        return got.payload.decode() if got.opcode == TEXT else got.payload

    def close_frame(self) -> Frame:
        got = self.frame()
        assert got.opcode == CLOSE, got
        return got

    def ended(self) -> None:
        """The server has closed the connection, without a reset and without another byte."""
        assert self.wire.read_to_end() == (b"", False)

    def _take(self, size: int) -> bytes:
        while len(self.wire.buffer) < size:
            self.wire._more(f"for {size} bytes of a frame")
        data = bytes(self.wire.buffer[:size])
        del self.wire.buffer[:size]
        return data


def talk(
    site: Running, path: str = "/echo", *more: str, behind: bytes = b"", receive_buffer: int = 0
) -> Talk:
    """An open WebSocket. behind: bytes sent with the request, in one piece."""
    wire = site.connect(receive_buffer=receive_buffer)
    wire.send(handshake(path, *more) + behind)
    head = wire.read_until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return Talk(wire)
