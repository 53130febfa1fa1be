"""Seconds and bytes, few characters wide."""

from __future__ import annotations

import pytest

from gearshift.observe.quantities import duration, share, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (-0.001, "0us"),
        (0, "0us"),
        (0.00035, "350us"),
        (0.0009994, "999us"),
        (0.0009996, "1.0ms"),
        (0.0123, "12.3ms"),
        (0.09994, "99.9ms"),
        (0.1, "100ms"),
        (0.9994, "999ms"),
        (0.9996, "1.0s"),
        (59.94, "59.9s"),
        (59.96, "1m00s"),
        (192, "3m12s"),
        (3599.4, "59m59s"),
        (3599.6, "1h00m"),
        (18180, "5h03m"),
        (86400, "1d00h"),
        (1_051_200, "12d04h"),
    ],
)
def test_duration(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "-"),
        (0, "0"),
        (1023, "1023"),
        (1024, "1.0K"),
        (1536, "1.5K"),
        (10_239, "10K"),
        (1024 * 1024 - 1, "1.0M"),
        (34 * 1024**2, "34M"),
        (5 * 1024**4, "5.0T"),
        (2000 * 1024**5, "2000P"),
    ],
)
def test_size(count: int | None, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(("part", "words"), [(None, "-"), (0.0, "0%"), (0.854, "85%"), (1.0, "100%")])
def test_share(part: float | None, words: str) -> None:
    assert share(part) == words
