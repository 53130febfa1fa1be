"""Times as logs write them, made once a second because most lines share theirs."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# strftime's %b speaks the user's language; log tools read English.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SecondText:
    """The text of the last second asked for; one object holds both, so that no thread sees them mixed."""

    __slots__ = ("_last", "_write")

    def __init__(self, write: Callable[[int], str]) -> None:
        self._write = write
        self._last = (-1, "")

    def text(self, second: int) -> str:
        last = self._last
        if last[0] != second:
            last = self._last = (second, self._write(second))
        return last[1]


def ncsa_time(second: int) -> str:
    """Local time as NCSA's formats have it: `23/Nov/2026:05:40:01 +0000`."""
    local = time.localtime(second)
    return f"{local.tm_mday:02d}/{MONTHS[local.tm_mon - 1]}/{time.strftime('%Y:%H:%M:%S %z', local)}"


def universal_time(second: int) -> str:
    """RFC 3339 in UTC, without a fraction and the Z: `2026-11-23T05:40:01`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def local_time(second: int) -> str:
    """Local time with its zone: `2026-11-23 05:40:01 +0000`."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(second))
