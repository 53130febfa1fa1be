"""A client that speaks HTTP/2 frame by frame, right or wrong: frames are packed here, header blocks by hpack."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable
from typing import NamedTuple

from hpack import Decoder, Encoder

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    range(10)
)
END_STREAM = ACK = 1
END_HEADERS = 4
PADDED = 8
PRIORITIZED = 0x20
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW, MAX_FRAME, MAX_HEADER_LIST, CONNECT_PROTOCOL = (
    1,
    2,
    3,
    4,
    5,
    6,
    8,
)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = range(4)
STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = 5, 6, 7, 8, 9
ENHANCE_YOUR_CALM = 11
LONGEST_WAIT = 10.0  # seconds

Fields = list[tuple[bytes | str, bytes | str]]


class Frame(NamedTuple):
    """What the server has sent."""

    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> int:
        """The error code of a RST_STREAM or a GOAWAY."""
        start = 0 if self.kind == RST_STREAM else 4
        return int(struct.unpack(">I", self.payload[start : start + 4])[0])


class Answer:
    """What has come on one stream."""

    def __init__(self) -> None:
        self.heads: list[list[tuple[bytes, bytes]]] = []
        self.body = bytearray()
        self.pieces: list[int] = []
        self.ended = False
        self.code: int | None = None

    @property
    def over(self) -> bool:
        return self.ended or self.code is not None

    @property
    def status(self) -> bytes:
        """Of the final head."""
        return next(value for name, value in self.final if name == b":status")

    @property
    def final(self) -> list[tuple[bytes, bytes]]:
        return next(head for head in self.heads if not head[0][1].startswith(b"1"))

    @property
    def interim(self) -> list[list[tuple[bytes, bytes]]]:
        return [head for head in self.heads if head[0][0] == b":status" and head[0][1].startswith(b"1")]

    @property
    def trailers(self) -> list[tuple[bytes, bytes]]:
        return next((head for head in self.heads if head[0][0] != b":status"), [])


class Http2Client:
    """One connection. greets: sends the preface and its settings, and waits for the server's."""

    def __init__(
        self, address: tuple[str, int], settings: dict[int, int] | None = None, greets: bool = True
    ) -> None:
        self.socket = socket.create_connection(address, timeout=LONGEST_WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encoder, self.decoder = Encoder(), Decoder()
        self.settings: dict[int, int] = {}
        self.streams: dict[int, Answer] = {}
        self.goaway: Frame | None = None
        self.frames: list[Frame] = []
        self.acknowledged = 0  # SETTINGS of ours
        self.pongs: list[bytes] = []
        self.closed = False
        self.gives_back = True  # windows, as data comes
        self._input = b""
        self._block = b""
        if greets:
            self.send(PREFACE)
            self.settings_frame(settings or {})
            self.until(lambda: self.settings and self.acknowledged)

    def __enter__(self) -> Http2Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    # ---- sending -------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """The server may have closed already: what it said before stands in what comes."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)

    def frame(self, kind: int, flags: int, stream: int, payload: bytes = b"") -> None:
        self.send(packed(kind, flags, stream, payload))

    def settings_frame(self, settings: dict[int, int]) -> None:
        self.frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in settings.items()))

    def window(self, stream: int, increment: int) -> None:
        self.frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))

    def reset(self, stream: int, code: int = CANCEL) -> None:
        self.frame(RST_STREAM, 0, stream, struct.pack(">I", code))

    def ping(self, data: bytes = b"12345678") -> None:
        self.frame(PING, 0, 0, data)

    def head(self, **changed: str) -> Fields:
        """The usual fields of a request; method="POST" changes one, and "" leaves it out."""
        fields = {"method": "GET", "scheme": "http", "path": "/", "authority": "127.0.0.1"} | changed
        return [(f":{name}", value) for name, value in fields.items() if value]

    def block(self, fields: Fields) -> bytes:
        return bytes(self.encoder.encode(fields))

    def headers(self, stream: int, fields: Fields | None = None, ended: bool = True, flags: int = 0) -> None:
        self.frame(
            HEADERS,
            END_HEADERS | (END_STREAM if ended else 0) | flags,
            stream,
            self.block(self.head() if fields is None else fields),
        )

    def data(self, stream: int, data: bytes, ended: bool = True) -> None:
        self.frame(DATA, END_STREAM if ended else 0, stream, data)

    # ---- receiving -----------------------------------------------------------------------------------------

    def until(self, done: Callable[[], object], seconds: float = LONGEST_WAIT) -> None:
        """Reads until that holds, or the server has closed. Raises TimeoutError."""
        ends = time.monotonic() + seconds
        while not done() and not self.closed:
            self.socket.settimeout(max(ends - time.monotonic(), 0.001))
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                self.closed = True
            self._input += data
            while self._take():
                pass

    def answer(self, stream: int) -> Answer:
        """The whole answer on that stream."""
        self.until(lambda: self.stream(stream).over)
        return self.stream(stream)

    def stream(self, number: int) -> Answer:
        return self.streams.setdefault(number, Answer())

    def still_there(self) -> bool:
        """Whether it answers a PING."""
        before = len(self.pongs)
        self.ping()
        self.until(lambda: len(self.pongs) > before)
        return len(self.pongs) > before

    def _take(self) -> bool:
        if len(self._input) < 9:
            return False
        length = int.from_bytes(self._input[:3])
        if len(self._input) < 9 + length:
            return False
        kind, flags, stream = struct.unpack(">BBI", self._input[3:9])
        frame = Frame(kind, flags, stream, self._input[9 : 9 + length])
        self._input = self._input[9 + length :]
        self.frames.append(frame)
        self._heard(frame)
        return True

    def _heard(self, frame: Frame) -> None:
        answer = self.stream(frame.stream)
        if frame.kind == SETTINGS:
            if frame.flags & ACK:
                self.acknowledged += 1
                return
            pairs = [struct.unpack(">HI", frame.payload[i : i + 6]) for i in range(0, len(frame.payload), 6)]
            self.settings |= dict(pairs)
            self.frame(SETTINGS, ACK, 0)
        elif frame.kind == PING and frame.flags & ACK:
            self.pongs.append(frame.payload)
        elif frame.kind == GOAWAY:
            self.goaway = frame
        elif frame.kind == RST_STREAM:
            answer.code = frame.code if answer.code is None else answer.code
        elif frame.kind in (HEADERS, CONTINUATION):
            self._block += frame.payload
            if frame.flags & END_HEADERS:
                answer.heads.append(self.decoder.decode(self._block, raw=True))
                self._block = b""
        elif frame.kind == DATA:
            answer.body += frame.payload
            answer.pieces.append(len(frame.payload))
            if self.gives_back and frame.payload:
                self.window(0, len(frame.payload))
                if not frame.flags & END_STREAM:
                    self.window(frame.stream, len(frame.payload))
        if frame.kind in (HEADERS, DATA) and frame.flags & END_STREAM:
            answer.ended = True


def packed(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + struct.pack(">BBI", kind, flags, stream) + payload
