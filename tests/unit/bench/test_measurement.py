"""What a run of load says, and what several say together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gearshift.bench.candidates import GEARSHIFT, Candidate
from gearshift.bench.measurement import Bracket, Measured
from tests.unit.bench.made import measured, sample


@pytest.mark.parametrize(
    ("rate", "p99", "failed", "unsent", "holds"),
    [
        (1000.0, 99.0, 0, 0, True),
        (1000.0, 101.0, 0, 0, False),  # too slow
        (990.0, 10.0, 0, 10, True),
        (970.0, 10.0, 0, 30, False),  # a queue grows
        (1000.0, 10.0, 1, 0, True),  # one in a thousand
        (1000.0, 10.0, 20, 0, False),
        (0.0, 0.0, 0, 0, False),
    ],
)
def test_what_holds(rate: float, p99: float, failed: int, unsent: int, holds: bool) -> None:
    assert sample(rate, offered=1000.0, p99=p99, failed=failed, unsent=unsent).holds(100.0) is holds


def test_figures_for_each_answer() -> None:
    one = sample(2000.0, cpu_us=250.0)
    assert one.cpu_microseconds == pytest.approx(250.0)
    assert one.busy_share == pytest.approx(0.5)
    assert one.switches == pytest.approx(11.0)
    nothing = sample(0.0)
    assert nothing.cpu_microseconds is None
    assert nothing.switches is None


def test_a_run_is_disturbed_on_either_processor() -> None:
    quiet = sample(1000.0, cpu_us=400.0)
    assert not quiet.is_disturbed
    assert quiet.undisturbed_rate == pytest.approx(1000.0)
    server = sample(1000.0, cpu_us=400.0, foreign=0.5)
    client = replace(quiet, client_foreign_share=0.5)
    for one in (server, client):
        assert one.is_disturbed
        assert one.undisturbed_rate == pytest.approx(2000.0)
    # More than one processor's worth it would not have done.
    assert replace(quiet, client_foreign_share=0.9).undisturbed_rate == pytest.approx(2500.0)


def test_searches_together() -> None:
    one = measured("pool", 16, [100.0, 120.0, 110.0])
    assert one.sustained == 110.0
    assert one.lowest == 100.0
    assert one.highest == pytest.approx(126.0)


def test_a_search_without_a_failure_leaves_room_above() -> None:
    one = Measured(Candidate(GEARSHIFT, "epoll", 0), brackets=[Bracket(100.0, 0.0)])
    assert one.highest > one.sustained == 100.0


def test_nothing_measured() -> None:
    one = Measured(Candidate(GEARSHIFT, "epoll", 0))
    assert (one.sustained, one.capacity, one.highest, one.threads, one.tails) == (0.0, 0.0, 0.0, 0, {})
    assert (one.cpu_microseconds, one.switches, one.memory, one.peak_memory) == (None, None, None, None)


def test_tails_are_those_under_the_common_load_or_of_the_highest_rate_that_held() -> None:
    one = measured("pool", 16, [100.0])
    one.probes.append(sample(50.0, offered=100.0, p99=900.0))
    one.probes[0] = sample(100.0, offered=100.0, p99=20.0)
    one.probes.append(sample(90.0, offered=200.0, p99=5000.0))
    assert one.tails["p99"] == 20.0
    one.common = [sample(60.0, offered=60.0, p99=value) for value in (5.0, 7.0, 6.0)]
    assert one.tails["p99"] == 6.0
