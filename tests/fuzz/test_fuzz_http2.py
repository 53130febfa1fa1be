"""The HTTP/2 fuzz target's corpus, and a few seconds of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.fuzz_http2 import CORPUS, check, seeds
from tests.fuzz.running import loop
from tests.support.http2_codec import OPENING, Peer

SEEDS = sorted(CORPUS.iterdir())


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_a_seed_breaks_no_promise(seed: Path) -> None:
    check(seed.read_bytes())


def test_the_corpus_is_what_is_written_here() -> None:
    written = {name: OPENING + frames for name, frames in seeds().items()}
    assert written.items() <= {path.name: path.read_bytes() for path in SEEDS}.items()


def test_seeds_are_heard() -> None:
    told = set()
    for seed in SEEDS:
        peer = Peer(greets=False)
        peer.codec.receive(seed.read_bytes())
        told |= {what[0] for what in peer.listener.told}
    assert told == {"request", "data", "trailers", "reset", "window", "asked", "goaway"}


def test_some_seconds_of_mutations() -> None:
    assert loop(3.0, 9113, CORPUS, check) > 300
