"""Which tests want the machine for themselves: `make test` runs all others first, side by side."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

RUNTIME = pytest.StashKey[str]()
HERE = Path(__file__).parent
# They measure, starve and kill servers, drive a browser or a terminal that draws, or count this process's descriptors,
# which servers that other tests keep running in it also open and close.
ALONE = tuple(
    HERE / place
    for place in (
        "applications/test_server_rounds.py",
        "bench",
        "browser",
        "faults",
        "lab",
        "load",
        "status_page",
        "unit/apps/static",
        "unit/kernel",
        "unit/top",
    )
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(place) for place in ALONE):
            item.add_marker("alone")


def pytest_configure(config: pytest.Config) -> None:
    """Servers of tests have their control sockets where those that people run are not, and killed ones leave none."""
    config.stash[RUNTIME] = os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="gearshift-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[RUNTIME], ignore_errors=True)
