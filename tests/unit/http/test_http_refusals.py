"""Every way to be refused has a status and words, and the words are fit for a one-line answer."""

import pytest

from gearshift.http.reasons import REASON_PHRASES
from gearshift.http.refusals import REASONS, Refusal

ALL = [refusal for refusal in Refusal if refusal != Refusal.NO_REFUSAL]


def test_every_refusal_has_its_reason_and_no_other_has() -> None:
    assert set(REASONS) == set(ALL)


@pytest.mark.parametrize("refusal", ALL, ids=lambda refusal: refusal.name)
def test_a_reason_is_an_error_status_and_one_line(refusal: Refusal) -> None:
    status, words = REASONS[refusal]
    assert 400 <= status < 600
    assert status in REASON_PHRASES
    assert words == words.strip()
    assert words.isascii()
    assert words.isprintable()
    assert not words.endswith(".")


def test_no_two_refusals_say_the_same() -> None:
    assert len({words for _, words in REASONS.values()}) == len(REASONS)
