"""The walk over frames' headers, and what may be done how often."""

from __future__ import annotations

import random

import pytest

from gearshift.http2.allowance import Allowance
from gearshift.http2.frames import FrameWalk
from tests.support.http2 import CONTINUATION, DATA, END_HEADERS, HEADERS, PING, PREFACE, packed

FRAMES = [
    (4, 0, 0, b""),
    (HEADERS, 0, 1, bytes(20)),
    (CONTINUATION, 0, 1, bytes(7)),
    (CONTINUATION, END_HEADERS, 1, b""),
    (DATA, 1, 1, bytes(300)),
    (PING, 0, 1 << 31, bytes(8)),
]


@pytest.mark.parametrize("seed", range(20))
def test_frames_are_found_however_the_bytes_are_cut(seed: int) -> None:
    stream = PREFACE + b"".join(packed(*frame) for frame in FRAMES)
    chance = random.Random(seed)
    walk, found, passed, blocks = FrameWalk(), [], b"", []
    while stream:
        size = chance.choice((1, 2, 5, 40, 1000))
        piece, stream = stream[:size], stream[size:]
        data = walk.joined(piece)
        end = len(data)
        for at, kind, flags, number, length in walk.walk(data):
            if kind < 0:
                end = at
            else:
                found.append((kind, flags, number, length))
                blocks.append(walk.block)
        passed += data[:end]
    assert found == [(kind, flags, number & 0x7FFFFFFF, len(p)) for kind, flags, number, p in FRAMES]
    assert blocks == [0, 20, 27, 27, 0, 0]
    assert passed == PREFACE + b"".join(packed(*frame) for frame in FRAMES)


def test_an_allowance_comes_back_with_time_and_with_honest_work() -> None:
    allowance = Allowance(3, 2.0, 100.0)
    assert [allowance.spend(100.0) for _ in range(4)] == [True, True, True, False]
    assert not allowance.spend(100.2)
    assert allowance.spend(102.0)
    allowance.earn(50)
    assert [allowance.spend(102.0) for _ in range(4)] == [True, True, True, False]
