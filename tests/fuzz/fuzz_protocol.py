"""Fuzzes the protocol core: whatever the bytes, the same verdict however they are cut, and never a crash.

With atheris installed, `python -m tests.fuzz.fuzz_protocol tests/fuzz/corpus` is a libFuzzer target over that
corpus. `python -m tests.fuzz.fuzz_protocol --seconds 60 --seed 1` mutates the corpus at random, without atheris.
An input that fails is printed, so that it can be added to the corpus.
"""

from __future__ import annotations

import random
import zlib
from pathlib import Path

from gearshift.http.limits import Limits
from gearshift.http.refusals import REASONS, Refusal
from gearshift.http.states import Event
from tests.fuzz.running import run
from tests.properties.reading import Outcome, Reader, bytewise, read, split

CORPUS = Path(__file__).parent / "corpus"
TIGHT = {"head": 300, "fields": 8, "field": 80, "target": 60, "body": 100}
# The most that may wait for more bytes between two events, beyond the limits: a chunk's line.
CHUNK_LINE = 4096 + 32


def check(data: bytes) -> None:
    """Holds the core to its promises for one input; AssertionError tells what it broke."""
    choices = random.Random(zlib.crc32(data))
    places = [choices.randrange(len(data) + 1) for _ in range(choices.randrange(8))]
    for bounds in ({}, TIGHT):
        whole = read([data], Limits(**bounds), eof=True)
        agree(whole, data)
        for pieces in (bytewise(data), split(data, places)):
            assert fed(pieces, Limits(**bounds)) == whole


def fed(pieces: list[bytes], limits: Limits) -> Outcome:
    """The outcome of these pieces, with a look at what is kept between them."""
    reader = Reader(limits)
    received = 0
    last = Event.NEED_DATA
    for piece in pieces:
        last = reader.receive(piece)
        received += len(piece)
        waiting = reader.protocol.buffered()
        assert 0 <= waiting <= received
        if last == Event.REFUSED:
            assert waiting == 0, "what a refused peer sends is not kept"
        else:
            assert last == Event.NEED_DATA
            assert waiting <= max(limits.head, limits.field, CHUNK_LINE), "more is kept than the limits allow"
    last = reader.receive_eof()
    return Outcome(tuple(reader.messages), reader.protocol.refusal, last)


def agree(outcome: Outcome, data: bytes) -> None:
    """What must be true of any outcome."""
    refused = outcome.last == Event.REFUSED
    assert refused or outcome.last == Event.CLOSED
    assert refused == (outcome.refusal != Refusal.NO_REFUSAL)
    assert not refused or 400 <= REASONS[outcome.refusal][0] < 600
    assert all(body is not None for body in outcome.bodies[:-1]), "a request was begun inside another"
    assert sum(len(body or b"") for body in outcome.bodies) <= len(data)
    for message in outcome.messages:
        assert message.target in data
        assert message.method in data
        assert all(name in data for name, _ in message.headers)
        assert not any(octet in name + value for name, value in message.headers for octet in b"\r\n\x00")


if __name__ == "__main__":
    run(__doc__, CORPUS, check)
