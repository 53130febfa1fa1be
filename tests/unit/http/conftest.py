"""What this process holds in memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def resident() -> Callable[[], int]:
    """Bytes of the process's own memory that are in use now."""

    def measure() -> int:
        _, in_memory, shared, *_ = Path("/proc/self/statm").read_text().split()
        return (int(in_memory) - int(shared)) * os.sysconf("SC_PAGE_SIZE")

    return measure
