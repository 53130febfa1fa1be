"""What this process has open, beside servers of other tests that open and close their own."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tests.support.waiting import eventually


def own_descriptors() -> set[tuple[str, str]]:
    """Each descriptor's number and what it leads to; the listing's own is gone when it is looked at."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add((link.name, str(link.readlink())))
    return found


def nothing_was_left_open(before: set[tuple[str, str]]) -> None:
    """What a live server's sampler has open for a moment goes by itself; what was forgotten does not."""
    eventually(lambda: own_descriptors() <= before, "the descriptors opened since are closed", within=2)
