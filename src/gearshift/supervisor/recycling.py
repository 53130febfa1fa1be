"""When a worker has served long enough: by requests, age or memory. Limits are spread by chance, up to a tenth more, so
that workers that began together do not go together.
"""

from __future__ import annotations

import os
from random import random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.settings import Settings

SPREAD = 0.1


class Recycling:
    """Of one worker. spread: 0 to 1, by chance; the other parameters are for tests."""

    def __init__(
        self, settings: Settings, spread: float | None = None, memory: Callable[[], int] | None = None
    ) -> None:
        wider = 1 + SPREAD * (random() if spread is None else spread)
        self._requests = int(settings.recycle_requests * wider)
        self._age = settings.recycle_age * wider
        self._memory = int(settings.recycle_memory * wider)
        self._resident = memory or resident

    @property
    def wanted(self) -> bool:
        """Whether any limit is set."""
        return bool(self._requests or self._age or self._memory)

    def reason(self, requests: int, age: float) -> str:
        """Why the worker is to be replaced, in words; "" where it is not. age: seconds."""
        if self._requests and requests >= self._requests:
            return f"{requests} requests"
        if self._age and age >= self._age:
            return f"{age:.0f} s of age"
        if self._memory and (size := self._resident()) >= self._memory:
            return f"{size} bytes of memory"
        return ""


def resident() -> int:
    """Bytes of this process's memory that are in RAM (proc(5): statm)."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - pathlib would cost every start 6 ms
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
