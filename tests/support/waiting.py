"""Waiting for something to become true, with a deadline: never sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(probe: Callable[[], T], what: str, within: float = 5.0) -> T:
    """The first true result of `probe`; an AssertionError naming `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        result = probe()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}; last: {result!r}")
        time.sleep(0.002)
