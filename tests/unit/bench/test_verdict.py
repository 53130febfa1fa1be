"""From measurements to what to use."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from gearshift.bench.candidates import ENGINES, GEARSHIFT
from gearshift.bench.measurement import Measured
from gearshift.bench.verdict import judge
from tests.unit.bench.made import MEBIBYTE, measured, sample

RATES = st.floats(1.0, 1e6)
SEVERAL_RATES = st.lists(st.one_of(st.just(0.0), RATES), min_size=0, max_size=3)
NAMES = st.one_of(
    st.tuples(st.sampled_from(("thread", "epoll", "uring")), st.just(0)),
    st.tuples(st.sampled_from(("pool", "auto")), st.sampled_from((4, 16, 64))),
)


@st.composite
def benches(draw: st.DrawFn) -> list[Measured]:
    """Some of Gearshift's engines, each once, and perhaps a peer."""
    names = draw(st.lists(NAMES, min_size=1, max_size=8, unique=True))
    found = [
        measured(
            engine,
            threads,
            draw(SEVERAL_RATES),
            cpu_us=draw(st.floats(1.0, 1e4)),
            memory=draw(st.one_of(st.none(), st.integers(MEBIBYTE, 1000 * MEBIBYTE))),
        )
        for engine, threads in names
    ]
    if draw(st.booleans()):
        found.append(measured("", 16, [draw(RATES)], server="waitress"))
    return found


@given(benches())
def test_the_choice_is_an_engine_that_sustains_something_and_can_be_as_good_as_the_best(
    bench: list[Measured],
) -> None:
    verdict = judge(bench)
    own = [one for one in bench if one.candidate.server == GEARSHIFT and one.sustained > 0]
    if not own:
        assert verdict == (None, [], "none")
        return
    choice = verdict.choice
    assert choice is not None
    assert any(choice is one for one in own)
    best = max(own, key=lambda one: one.sustained)
    assert choice is best or choice.highest >= best.sustained * 0.95
    assert all(one is not choice and one.candidate.server == GEARSHIFT for one in verdict.equals)
    assert (verdict.sure == "once") == (len(best.brackets) < 2)
    assert verdict.sure == "once" or (verdict.sure == "equal") == bool(verdict.equals)


@given(benches(), st.randoms(use_true_random=False))
def test_the_order_in_which_they_were_measured_does_not_matter(
    bench: list[Measured], chance: random.Random
) -> None:
    rates = [one.sustained for one in bench]
    if len(set(rates)) < len(rates):
        return  # of two that are both the best, either may be called so
    before = judge(bench)
    mixed = list(bench)
    chance.shuffle(mixed)
    after = judge(mixed)
    assert after.choice is before.choice
    assert after.sure == before.sure


@given(benches(), NAMES)
def test_what_sustains_clearly_more_is_chosen_whatever_it_costs(
    bench: list[Measured], name: tuple[str, int]
) -> None:
    others = [one for one in bench if (one.candidate.engine, one.candidate.threads) != name]
    most = max((one.highest for one in others), default=1.0) or 1.0
    best = measured(*name, [most * 1.5, most * 1.4], cpu_us=9e4, memory=9000 * MEBIBYTE)
    verdict = judge([*others, best])
    assert verdict.choice is best
    assert verdict.sure == "clear"
    assert verdict.equals == []


@given(st.permutations(ENGINES), RATES)
def test_among_equals_of_equal_cost_the_default_is_taken(engines: list[str], rate: float) -> None:
    bench = [measured(engine, 16 if engine in ("auto", "pool") else 0, [rate, rate]) for engine in engines]
    verdict = judge(bench)
    assert verdict.choice is not None
    assert verdict.choice.candidate.is_default
    assert verdict.sure == "equal"
    assert len(verdict.equals) == len(engines) - 1


def test_among_equals_the_one_that_costs_clearly_less_is_taken() -> None:
    cheap = measured("epoll", 0, [1000.0, 990.0], cpu_us=75.0)
    assert judge([measured("auto", 16, [1000.0, 1010.0], cpu_us=100.0), cheap]).choice is cheap


def test_a_slight_difference_in_cost_is_none() -> None:
    default = measured("auto", 16, [1000.0, 990.0], cpu_us=118.0)
    assert judge([default, measured("epoll", 0, [1000.0, 1010.0], cpu_us=100.0)]).choice is default


def test_of_two_pools_that_are_level_the_smaller_is_taken() -> None:
    small = measured("pool", 16, [1000.0, 990.0])
    assert judge([measured("pool", 64, [1000.0, 1010.0]), small]).choice is small


def test_much_memory_is_a_cost() -> None:
    lean = measured("pool", 64, [1000.0, 990.0], memory=30 * MEBIBYTE)
    fat = measured("pool", 16, [1000.0, 990.0], memory=60 * MEBIBYTE)
    assert judge([fat, lean]).choice is lean


def test_what_was_measured_once_is_not_preferred_to_what_was_measured_again() -> None:
    again = measured("pool", 64, [1000.0, 990.0])
    verdict = judge([again, measured("auto", 16, [985.0])])
    assert verdict.choice is again
    assert verdict.sure == "equal"


def test_a_range_that_overlaps_is_not_called_clear() -> None:
    best = measured("pool", 64, [1000.0, 1000.0, 600.0])
    verdict = judge([best, measured("auto", 16, [700.0, 700.0])])
    assert verdict.choice is best
    assert verdict.sure == "likely"


def test_what_others_have_disturbed_is_given_the_benefit_of_the_doubt() -> None:
    """It answered 700 a second with half of the processor: it may do as well, and it costs less."""
    quiet = measured("thread", 0, [1000.0, 1000.0], cpu_us=120.0)
    disturbed = measured("auto", 16, [600.0, 620.0], cpu_us=100.0)
    assert judge([quiet, disturbed]).choice is quiet
    assert judge([quiet, disturbed]).sure == "clear"
    disturbed.closed[0] = sample(700.0, cpu_us=100.0, foreign=0.5)
    verdict = judge([quiet, disturbed])
    assert verdict.choice is disturbed
    assert verdict.sure == "equal"


def test_a_choice_that_was_disturbed_is_not_called_clear() -> None:
    best = measured("pool", 64, [1000.0, 1000.0])
    best.closed[0] = sample(1100.0, foreign=0.8)
    assert judge([best, measured("auto", 16, [300.0, 300.0])]).sure == "likely"


def test_nothing_holds() -> None:
    assert judge([measured("auto", 16, [0.0, 0.0]), measured("thread", 0, [])]) == (None, [], "none")
