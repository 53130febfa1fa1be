"""Fuzzes the HTTP/2 codec: whatever the octets, the same however they are cut, within its bounds, and never a crash.

With atheris installed, `python -m tests.fuzz.fuzz_http2 tests/fuzz/corpus_http2` is a libFuzzer target over that
corpus. `python -m tests.fuzz.fuzz_http2 --seconds 60 --seed 1` mutates the corpus at random, without atheris.
"""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import hpack

from gearshift.http2.request_head import MalformedRequest, request_head
from tests.fuzz.running import run
from tests.support.http2 import (
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    packed,
)
from tests.support.http2_codec import OPENING, Peer

CORPUS = Path(__file__).parent / "corpus_http2"
MOST_STREAMS = 4
MOST_HEAD = 4096


def check(data: bytes) -> None:
    """Holds the codec to its promises for one input; AssertionError tells what it broke."""
    choices = random.Random(zlib.crc32(data))
    whole = heard([data])
    places = sorted(choices.randrange(len(data) + 1) for _ in range(choices.randrange(8)))
    cut = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    for pieces in (cut, [data[at : at + 1] for at in range(len(data))]):
        assert heard(pieces) == whole


def heard(pieces: list[bytes]) -> tuple[list[object], bytes]:
    """What was told and said; every answer is begun at once, so that streams end too."""
    peer = Peer(MOST_STREAMS, MOST_HEAD, greets=False)
    said = peer.codec.said()
    answered: set[int] = set()
    for piece in pieces:
        peer.codec.receive(piece)
        assert len(peer.codec.streams) <= MOST_STREAMS + 1
        assert all(wire.may_come >= 0 for wire in peer.codec.streams.values())
    for told in peer.listener.told:
        if told[0] == "request":
            judge(told[2], told[3])
    if not peer.codec.over:
        for number, wire in list(peer.codec.streams.items()):
            answered.add(number)
            peer.codec.send_head(wire, [(b":status", b"200"), (b"x", b"y" * (number % 50))], False)
            room = peer.codec.data_room(wire)
            if room > 0:
                peer.codec.send_data(wire, bytes(room), room, True)
    said += peer.codec.said()
    return list(peer.listener.told), said


def judge(fields: list[tuple[bytes, bytes]], ended: bool) -> None:
    """No octets make a line of their own."""
    assert sum(len(name) + len(value) + 32 for name, value in fields) <= MOST_HEAD
    try:
        head = request_head(fields, ended)
    except MalformedRequest:
        return
    lines = head.text.split(b"\r\n")
    assert lines[-2:] == [b"", b""]
    assert not any(octet in line for line in lines for octet in b"\r\n\0")


def seeds() -> dict[str, bytes]:
    """Conversations that are right, or nearly."""
    encoder = hpack.Encoder()
    head = [(":method", "POST"), (":scheme", "http"), (":path", "/a"), (":authority", "example.org")]
    plain, again = encoder.encode(head), encoder.encode([*head, ("cookie", "a=1"), ("x-own", "value")])
    small = b"\x3f\x21" + hpack.Encoder().encode(head, huffman=False)
    return {
        "request": packed(HEADERS, 5, 1, plain) + packed(HEADERS, 5, 3, again) + packed(HEADERS, 5, 5, again),
        "body": packed(HEADERS, 4, 1, plain)
        + packed(DATA, 0, 1, b"one")
        + packed(DATA, 9, 1, b"\x02two\0\0"),
        "continued": packed(HEADERS, 1, 1, plain[:4]) + packed(CONTINUATION, 4, 1, plain[4:]),
        "padded": packed(HEADERS, 0x2D, 1, b"\x03" + bytes(4) + b"\x10" + plain + bytes(3)),
        "trailers": packed(HEADERS, 4, 1, plain) + packed(HEADERS, 5, 1, b"\x00\x01t\x011"),
        "sizes": packed(HEADERS, 5, 1, small) + packed(HEADERS, 5, 3, b"\x20" + plain),
        "windows": packed(SETTINGS, 0, 0, b"\0\4\0\0\0\5\0\5\0\0\x40\0\0\1\0\0\0\0")
        + packed(HEADERS, 4, 1, plain)
        + packed(WINDOW_UPDATE, 0, 1, b"\0\0\0\5")
        + packed(WINDOW_UPDATE, 0, 0, b"\x7f\xff\0\0"),
        "resets": packed(HEADERS, 4, 1, plain)
        + packed(RST_STREAM, 0, 1, bytes(4))
        + packed(DATA, 1, 1, b"x"),
        "others": packed(PING, 0, 0, bytes(8))
        + packed(PRIORITY, 0, 3, bytes(4) + b"\x10")
        + packed(0x77, 3, 9, b"unknown")
        + packed(GOAWAY, 0, 0, bytes(8)),
    }


def write() -> None:
    """Makes the corpus anew: python -c "from tests.fuzz.fuzz_http2 import write; write()"."""
    for name, frames in seeds().items():
        (CORPUS / name).write_bytes(OPENING + frames)


if __name__ == "__main__":
    run(__doc__, CORPUS, check)
