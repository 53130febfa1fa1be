"""The search for the highest rate that holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gearshift.bench.search import FINE_ENOUGH, RateSearch

MOST_OFFERS = 40


def offers(search: RateSearch, truth: float) -> list[float]:
    """What it offers to a server that sustains `truth`, until it is done."""
    made: list[float] = []
    while (rate := search.next_rate) is not None:
        made.append(rate)
        search.learn(rate, rate <= truth)
        assert len(made) < MOST_OFFERS
    return made


@given(st.floats(1.0, 1e6), st.floats(0.1, 3.0), st.one_of(st.just(0.0), st.floats(0.5, 3.0)))
def test_it_brackets_the_truth_and_ends(capacity: float, share: float, former: float) -> None:
    truth = capacity * share
    search = RateSearch(capacity, capacity * former)
    made = offers(search, truth)
    low, high = search.bracket.low, search.bracket.high
    if low:
        assert low <= truth < high <= low * FINE_ENOUGH * 1.0001
    else:
        assert truth < high <= min(made)
    assert len(set(made)) == len(made)


@given(st.floats(1.0, 1e6))
def test_it_gives_up_where_nothing_holds(capacity: float) -> None:
    search = RateSearch(capacity)
    offers(search, 0.0)
    assert search.bracket.low == 0.0


@given(st.floats(10.0, 1e6), st.floats(0.96, 1.04))
def test_where_it_is_known_about_two_or_three_offers_are_enough(former: float, drift: float) -> None:
    assert len(offers(RateSearch(former * 2, former), former * drift)) <= 3


def test_the_first_offer_is_near_the_capacity_and_then_near_the_truth() -> None:
    search = RateSearch(1000.0)
    assert search.next_rate == 900.0
    search.learn(900.0, False)
    assert search.next_rate == 720.0
    search.learn(720.0, True)
    assert search.next_rate is not None
    assert 720.0 < search.next_rate < 900.0


def test_one_offer_tells_something_already() -> None:
    search = RateSearch(1000.0)
    search.learn(900.0, True)
    assert (search.bracket.low, search.bracket.high) == (900.0, 0.0)
    assert 900.0 < search.bracket.top < 1000.0
