"""The fuzz target's corpus, a few seconds of it, and that it would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.fuzz_protocol import CORPUS, check
from tests.fuzz.running import loop
from tests.properties.reading import read

SECONDS = 5.0
SEEDS = sorted(CORPUS.iterdir())


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_a_seed_breaks_no_promise(seed: Path) -> None:
    check(seed.read_bytes())


def test_the_corpus_knows_both_kinds() -> None:
    outcomes = [read([seed.read_bytes()], eof=True) for seed in SEEDS]
    refusals = {outcome.refusal for outcome in outcomes}
    assert sum(bool(outcome.messages) for outcome in outcomes) > 20
    assert len(refusals) > 25


def test_some_seconds_of_mutations() -> None:
    assert loop(SECONDS, 9112, CORPUS, check) > 1000


def test_a_broken_promise_is_noticed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def distrust(data: bytes) -> None:
        assert b"chunked" not in data, "the promise"

    with pytest.raises(AssertionError, match="the promise"):
        loop(SECONDS, 1, CORPUS, distrust)
    assert "seed 1, input " in capsys.readouterr().err
