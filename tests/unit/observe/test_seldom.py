"""A dear look is taken as seldom as it is dear."""

from __future__ import annotations

import pytest

from gearshift.observe.seldom import REST, Seldom


class Clock:
    """Stands still but for what is done."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Looking:
    """Counts looks, each of which takes a while."""

    def __init__(self, clock: Clock, takes: float) -> None:
        self.clock, self.takes, self.looks = clock, takes, 0

    def __call__(self) -> int:
        self.clock.now += self.takes
        self.looks += 1
        return self.looks


def test_it_rests_a_hundred_times_as_long_as_it_took() -> None:
    clock = Clock()
    seldom = Seldom(Looking(clock, 0.25), clock=clock, cost=clock)
    assert seldom.value_and_age() == (1, 0.0)
    clock.now += REST * 0.25 - 1
    assert seldom.value_and_age() == (1, REST * 0.25 - 1)
    clock.now += 1
    assert seldom.value_and_age() == (2, 0.0)


def test_a_cheap_look_holds_for_the_least_that_was_asked() -> None:
    clock = Clock()
    seldom = Seldom(Looking(clock, 0.0), least=1.0, clock=clock, cost=clock)
    assert [seldom.value(), seldom.value()] == [1, 1]
    clock.now += 1.0
    assert seldom.value() == 2


def test_who_can_wait_may_say_so() -> None:
    clock = Clock()
    seldom = Seldom(Looking(clock, 0.25), clock=clock, cost=clock)
    assert seldom.value() == 1
    clock.now += REST * 0.25
    assert seldom.value(rest=10 * REST) == 1
    assert seldom.value() == 2


def test_a_look_that_fails_is_taken_again() -> None:
    found: list[int] = []

    def look() -> int:
        found.append(1)
        if len(found) == 1:
            raise OSError("not now")
        return len(found)

    seldom = Seldom(look)
    with pytest.raises(OSError, match="not now"):
        seldom.value()
    assert seldom.value() == 2
