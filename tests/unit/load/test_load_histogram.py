"""The histogram beside the numbers themselves."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.load.histogram import Histogram

NANOSECONDS = st.lists(st.integers(0, 2**43 - 1), min_size=1, max_size=200)
PERCENTS = st.sampled_from(["0", "1", "50", "75", "90", "99", "99.9", "99.99", "100"])
PRECISION = 1 / 1024  # two neighbours in a slot differ by less


def histogram_of(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value * 1e-9)
    return histogram


def exact_percentile(values: list[int], percent: str) -> int:
    """The smallest value that so many per cent do not exceed."""
    rank = ceil(Fraction(percent) * len(values) / 100)
    return sorted(values)[max(rank, 1) - 1]


@given(NANOSECONDS, PERCENTS)
def test_a_percentile_is_known_to_three_digits(values: list[int], percent: str) -> None:
    exact = exact_percentile(values, percent)
    found = histogram_of(values).percentile(float(percent)) * 1e9
    assert exact - 1e-3 <= found <= exact * (1 + PRECISION) + 1e-3


@given(NANOSECONDS)
def test_the_ends_the_number_and_the_mean_are_exact(values: list[int]) -> None:
    histogram = histogram_of(values)
    assert histogram.count == len(values)
    assert histogram.least_seconds == pytest.approx(min(values) * 1e-9, rel=1e-12)
    assert histogram.most_seconds == pytest.approx(max(values) * 1e-9, rel=1e-12)
    assert histogram.percentile(100) == histogram.most_seconds
    assert histogram.mean_seconds == pytest.approx(sum(values) / len(values) * 1e-9, rel=1e-9)


@given(NANOSECONDS, NANOSECONDS)
def test_merging_is_as_noting_both(one: list[int], other: list[int]) -> None:
    merged, both = histogram_of(one), histogram_of(one + other)
    merged.merge(histogram_of(other))
    assert merged.distribution() == both.distribution()
    assert (merged.count, merged.least_seconds, merged.most_seconds) == (
        both.count,
        both.least_seconds,
        both.most_seconds,
    )
    merged.merge(Histogram())
    assert merged.distribution() == both.distribution()


@given(NANOSECONDS)
def test_the_distribution_rises_to_all_of_them(values: list[int]) -> None:
    distribution = histogram_of(values).distribution()
    assert distribution == sorted(distribution)
    assert distribution[-1] == (histogram_of(values).most_seconds, 1.0)
    for seconds, share in distribution:
        below = sum(value <= seconds * 1e9 * (1 + 1e-12) for value in values)
        assert share == pytest.approx(below / len(values))


def test_the_slots_meet_without_a_gap() -> None:
    """Each bound of an octave, and its neighbours."""
    for power in range(43):
        for value in (2**power - 1, 2**power, 2**power + 1):
            assert histogram_of([value]).distribution() == [(pytest.approx(value * 1e-9), 1.0)]
            found = histogram_of([value, 2**43 - 1]).percentile(50) * 1e9
            assert value - 1e-3 <= found <= value * (1 + PRECISION) + 1e-3


def test_a_percentage_is_what_it_says() -> None:
    """As a float 99.9 is a little more, and would make 999 of 1000 all of them."""
    assert histogram_of([1] * 999 + [1000]).percentile(99.9) == pytest.approx(1e-9)


def test_what_is_out_of_range_counts_at_its_edge() -> None:
    histogram = Histogram()
    histogram.add(-1.0)
    histogram.add(1e5)
    assert histogram.count == 2
    assert histogram.least_seconds == 0.0
    assert histogram.percentile(100) == pytest.approx(1e5)


def test_an_empty_one_has_nothing() -> None:
    histogram = Histogram()
    assert (histogram.count, histogram.percentile(99), histogram.mean_seconds) == (0, 0.0, 0.0)
    assert histogram.distribution() == []
