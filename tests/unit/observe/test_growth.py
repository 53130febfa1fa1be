"""A leak is told from use that comes and goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gearshift.observe.growth import Growth


def grows(number_at: Callable[[int], int], seconds: int, every: int = 5) -> bool:
    growth = Growth()
    for second in range(0, seconds, every):
        growth.look(1000.0 + second, number_at(second))
    return growth.growing


@pytest.mark.parametrize(
    ("number_at", "expected"),
    [
        (lambda second: second // 50, True),  # a little more than one a minute
        (lambda second: second // 50 + 300 * (second % 60 == 0), True),  # and a crowd beside it
        (lambda second: 7, False),
        (lambda second: 300 * (second % 60 == 0), False),
        (lambda second: min(second // 50, 9), False),  # it has come to rest
        (lambda second: second // 50 if second < 400 else 0, False),
    ],
)
def test_what_is_growth(number_at: Callable[[int], int], expected: bool) -> None:
    assert grows(number_at, 720) is expected


def test_nine_minutes_are_not_enough() -> None:
    assert not grows(lambda second: second, 540)


def test_minutes_in_which_nobody_looked_are_not_guessed() -> None:
    assert not grows(lambda second: second, 3000, every=121)


def test_what_was_gained() -> None:
    growth = Growth()
    assert growth.gained == (0, 0)
    for minute in range(12):
        growth.look(60.0 * minute, 10 * minute)
    assert growth.growing
    assert growth.gained == (10, 100)
