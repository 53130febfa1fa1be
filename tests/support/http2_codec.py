"""A codec whose listener notes what it is told, and the frames that it says."""

from __future__ import annotations

import struct
from typing import Any

from gearshift.http2.codec import Codec, Listener, Wire
from gearshift.http2.frame_reader import PREFACE
from tests.support.http2 import GOAWAY, RST_STREAM, SETTINGS, Frame, packed

WINDOW = 131_072
OPENING = PREFACE + packed(SETTINGS, 0, 0)


class Recorder(Listener):
    """told: what it was told, in order. answers: wires of requests are kept, and nothing is said to them."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.wires: dict[int, Wire] = {}

    def request(self, wire: Wire, fields: list[tuple[bytes, bytes]], ended: bool) -> None:
        self.wires[wire.number] = wire
        self.told.append(("request", wire.number, fields, ended))

    def data(self, wire: Wire, data: bytes, credit: int, ended: bool) -> None:
        self.told.append(("data", wire.number, data, credit, ended))

    def trailers(self, wire: Wire, fields: list[tuple[bytes, bytes]]) -> None:
        self.told.append(("trailers", wire.number, fields))

    def was_reset(self, wire: Wire) -> None:
        self.told.append(("reset", wire.number))

    def window_opened(self) -> None:
        self.told.append(("window",))

    def asked(self) -> None:
        self.told.append(("asked",))

    def goaway(self) -> None:
        self.told.append(("goaway",))


class Peer:
    """A codec that has been greeted, and what it says in turn. most: streams at once; head: octets of a header list."""

    def __init__(
        self, most: int = 100, head: int = 65_536, window: int = WINDOW, greets: bool = True
    ) -> None:
        self.listener = Recorder()
        self.codec = Codec(self.listener, most, head, window)
        self.codec.begin()
        if greets:
            self.codec.receive(OPENING)
            self.codec.said()
            self.listener.told.clear()

    def send(self, kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> list[Frame]:
        """What it says to that frame."""
        return self.send_octets(packed(kind, flags, stream, payload))

    def send_octets(self, data: bytes) -> list[Frame]:
        self.codec.receive(data)
        return self.said()

    def said(self) -> list[Frame]:
        return list(frames(self.codec.said()))

    def wire(self, number: int) -> Wire:
        return self.listener.wires[number]


def frames(data: bytes) -> list[Frame]:
    found = []
    while data:
        length = int.from_bytes(data[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", data[3:9])
        found.append(Frame(kind, flags, stream, data[9 : 9 + length]))
        data = data[9 + length :]
    return found


def verdict(said: list[Frame]) -> tuple[int | None, dict[int, int]]:
    """(code of a GOAWAY, code of each RST_STREAM by its stream)."""
    goaway = next((frame.code for frame in said if frame.kind == GOAWAY), None)
    return goaway, {frame.stream: frame.code for frame in said if frame.kind == RST_STREAM}
