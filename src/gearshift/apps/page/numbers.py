"""Random numbers from 1 to 100, cheaply: `random` alone would cost 5 ms of the start."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HIGHEST = 100
BATCH = 256
# 200 is the largest multiple of 100 in a byte: the bytes from there on are thrown away, or 1 to 56 would come
# up more often than the others.
_UNEVEN = bytes(range(200, 256))
_NUMBER_OF_BYTE = bytes(byte % HIGHEST + 1 for byte in range(256))


class Numbers:
    """Uniformly distributed whole numbers from 1 to 100; any number of threads may draw.

    `source(n)` gives n random bytes. It is first asked when the first number is drawn, so that processes
    forked before that do not share their numbers.
    """

    __slots__ = ("_ready", "_source")

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        self._source = source
        self._ready: list[int] = []

    def __call__(self) -> int:
        while True:
            try:
                return self._ready.pop()
            except IndexError:
                self._ready.extend(self._source(BATCH).translate(_NUMBER_OF_BYTE, _UNEVEN))
