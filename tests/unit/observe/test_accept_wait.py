"""The estimate of the time in the accept queue, against queues whose every wait is known."""

from __future__ import annotations

import random

import pytest

from gearshift.observe.accept_wait import AcceptWait

TICK = 0.1


def estimate(arrivals: list[float], leavings: list[float], until: float) -> list[float | None]:
    """What it says at each look. The nth to come is the nth to leave."""
    wait, said = AcceptWait(), []
    for tick in range(round(until / TICK) + 1):
        now = tick * TICK
        accepted = sum(leaving <= now for leaving in leavings)
        wait.look(now, sum(arrival <= now for arrival in arrivals) - accepted, accepted)
        said.append(wait.seconds)
    return said


def test_before_any_look_and_where_nobody_tells() -> None:
    wait = AcceptWait()
    assert wait.seconds is None
    wait.look(1.0, 0, 0)
    assert wait.seconds == 0.0
    wait.look(1.1, None, 5)
    assert wait.seconds is None


def test_an_empty_queue_is_no_wait() -> None:
    assert set(estimate([0.01 * n for n in range(500)], [0.01 * n for n in range(500)], 5.0)) == {0.0}


def test_a_handler_that_holds_up_accepting_for_a_second() -> None:
    """Four come while nobody accepts; all are accepted at once when that is over."""
    said = estimate([1.05, 1.05, 1.05, 1.05], [2.05] * 4, 3.0)
    assert said[20] == pytest.approx(1.0, abs=TICK)  # as of the last look before they were accepted
    assert said[21] == pytest.approx(1.0, abs=TICK)
    assert said[23] == 0.0


def test_a_queue_that_nobody_empties_any_more() -> None:
    """After five seconds nothing is left of when they came but that they have been there ever since."""
    said = estimate([1.0] * 5, [], 12.0)
    assert said[-1] == pytest.approx(11.0, abs=2 * TICK)


@pytest.mark.parametrize("rate", [20, 200])
def test_a_server_that_is_slower_than_they_come_for_a_while(rate: int) -> None:
    chance = random.Random(7)
    arrivals = sorted(1.0 + chance.random() * 3.0 for _ in range(3 * rate))
    leavings, free = [], 0.0
    for arrival in arrivals:
        free = max(free, arrival) + 1.3 / rate
        leavings.append(free)
    said = estimate(arrivals, leavings, 4.0)[-1]
    waits = [leaving - arrival for arrival, leaving in zip(arrivals, leavings, strict=True)]
    assert said is not None
    mean = sum(waits) / len(waits)
    assert 0.4 * mean < said < 2 * mean


def test_a_steady_queue() -> None:
    """Each of them waits for half a second all the time; the window is shorter than the queue is old."""
    arrivals = [0.02 * n for n in range(1000)]
    said = estimate(arrivals, [arrival + 0.5 for arrival in arrivals], 15.0)[-1]
    assert said == pytest.approx(0.5, rel=0.1)
