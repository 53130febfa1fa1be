"""The Date line, against the standard library's."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from gearshift.http.date import DateLine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = int((datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - EPOCH).total_seconds())
MOMENTS = [
    (1970, 1, 1, 0, 0, 0),
    (1970, 1, 1, 23, 59, 59),
    (1972, 2, 28, 23, 59, 59),
    (1972, 2, 29, 0, 0, 0),
    (1972, 3, 1, 0, 0, 0),
    (1999, 12, 31, 23, 59, 59),
    (2000, 1, 1, 0, 0, 0),
    (2000, 2, 29, 12, 0, 0),
    (2001, 9, 9, 1, 46, 40),
    (2038, 1, 19, 3, 14, 7),
    (2038, 1, 19, 3, 14, 8),
    (2100, 2, 28, 23, 59, 59),
    (2100, 3, 1, 0, 0, 0),
    (2400, 2, 29, 0, 0, 0),
    (9999, 12, 31, 23, 59, 59),
]


def expected(second: int) -> bytes:
    return f"Date: {format_datetime(EPOCH + timedelta(seconds=second), usegmt=True)}\r\n".encode()


def shown(second: int) -> bytes:
    line = DateLine()
    line.show(second)
    return bytes(line)


def test_it_begins_at_the_epoch() -> None:
    assert bytes(DateLine()) == expected(0)


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_edges_of_the_calendar(moment: tuple[int, int, int, int, int, int]) -> None:
    second = int((datetime(*moment, tzinfo=UTC) - EPOCH).total_seconds())
    assert shown(second) == expected(second)


def test_every_day_of_four_hundred_years() -> None:
    """The Gregorian calendar repeats after 400 years, so this is every kind of day."""
    line = DateLine()
    for day in range(146097):
        line.show(day * 86400)
        assert bytes(line)[11:22] == (EPOCH + timedelta(days=day)).strftime("%d %b %Y").encode()


def test_random_seconds() -> None:
    seconds = random.Random(9110)
    line = DateLine()
    for _ in range(2000):
        second = seconds.randrange(LAST + 1)
        line.show(second)
        assert bytes(line) == expected(second)


def test_it_goes_forth_and_back() -> None:
    line = DateLine()
    for second in (5, 4, 4, 86400, 86399, 0):
        line.show(second)
        assert bytes(line) == expected(second)


def test_a_clock_before_the_epoch_changes_nothing() -> None:
    """As on a machine whose clock was never set: no such Date can be right."""
    line = DateLine()
    line.show(86400)
    line.show(-1)
    assert bytes(line) == expected(86400)
