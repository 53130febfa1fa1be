"""Fuzzes the protocol core: whatever the bytes, the same verdict however they are cut, and never a crash.

With atheris installed, `python -m tests.fuzz.fuzz_protocol tests/fuzz/corpus` is a libFuzzer target over that
corpus. `python -m tests.fuzz.fuzz_protocol --seconds 60 --seed 1` mutates the corpus at random, without atheris.
An input that fails is printed, so that it can be added to the corpus.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from gearshift.http.limits import Limits
from gearshift.http.refusals import REASONS, Refusal
from gearshift.http.states import Event
from tests.properties.reading import Outcome, Reader, bytewise, read, split
from tests.properties.strategies import TEMPTATIONS

CORPUS = Path(__file__).parent / "corpus"
TIGHT = {"head": 300, "fields": 8, "field": 80, "target": 60, "body": 100}
LONGEST_INPUT = 4096
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


def mutate(data: bytes, other: bytes, choices: random.Random) -> bytes:
    """The data with some of it changed, doubled, cut, replaced by what parsers fall for, or spliced with another."""
    for _ in range(choices.randrange(1, 6)):
        at = choices.randrange(len(data) + 1)
        kind = choices.randrange(7)
        if kind <= 1:
            data = data[:at] + choices.choice(TEMPTATIONS) + data[at:]
        elif kind == 2:
            data = data[:at] + bytes([choices.randrange(256)]) + data[at + 1 :]
        elif kind == 3:
            data = data[:at] + data[at + choices.randrange(1, 9) :]
        elif kind == 4:
            data = data[: at + choices.randrange(40)] + data[at:]
        elif kind == 5 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << choices.randrange(8)]) + data[at + 1 :]
        else:
            data = data[:at] + other[choices.randrange(len(other) + 1) :]
    return data[:LONGEST_INPUT]


def loop(seconds: float, seed: int, folder: Path = CORPUS, examine: Callable[[bytes], None] = check) -> int:
    """Mutates the corpus for so many seconds; returns how many inputs were tried."""
    choices = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(folder.iterdir())]
    ends = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < ends:
        data = mutate(choices.choice(seeds), choices.choice(seeds), choices)
        tried += 1
        try:
            examine(data)
        except BaseException:
            print(f"seed {seed}, input {tried}: {data!r}", file=sys.stderr)
            raise
    return tried


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, help="mutate at random for so long, without atheris")
    parser.add_argument("--seed", type=int, default=0)
    options, others = parser.parse_known_args()
    if options.seconds is not None:
        print(f"{loop(options.seconds, options.seed)} inputs, no flaw")
        return
    try:
        import atheris
    except ImportError:
        parser.error("atheris is not installed: give --seconds for a random run without it")
    atheris.Setup([sys.argv[0], *others], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
