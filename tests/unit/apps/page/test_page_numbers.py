"""Random numbers from 1 to 100."""

from __future__ import annotations

from collections import Counter

from gearshift.apps.page.numbers import BATCH, Numbers


def test_every_number_is_as_likely_as_every_other() -> None:
    once_each = bytes(range(256))
    numbers = Numbers(lambda count: once_each)
    drawn = Counter(numbers() for _ in range(200))
    assert drawn == dict.fromkeys(range(1, 101), 2)


def test_the_source_is_asked_for_a_batch_when_the_last_number_is_gone() -> None:
    asked: list[int] = []

    def source(count: int) -> bytes:
        asked.append(count)
        return b"\x00\x63"

    numbers = Numbers(source)
    assert asked == []
    assert [numbers(), numbers()] == [100, 1]
    assert asked == [BATCH]
    numbers()
    assert asked == [BATCH, BATCH]


def test_a_batch_without_a_usable_byte_is_drawn_again() -> None:
    batches = iter([b"\xff\xc8", b"\xc7"])
    assert Numbers(lambda count: next(batches))() == 100


def test_numbers_of_the_system_are_in_range() -> None:
    numbers = Numbers()
    drawn = {numbers() for _ in range(5000)}
    # The chance that any one number is missing after 5000 draws is under 1e-20.
    assert drawn == set(range(1, 101))
