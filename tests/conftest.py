"""Which tests run side by side with which: `make test` runs most of them two at a time, then those marked `apart`, then
those marked `alone`.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

RUNTIME = pytest.StashKey[str]()
HERE = Path(__file__).parent
# They measure time, load or starve a server, or drive a browser: one at a time.
ALONE = (
    "bench/test_bench_command.py",
    "browser",
    "faults",
    "lab",
    "load/test_loops.py",
    "load/test_speed.py",
    "status_page",
)
# Mostly they wait for servers of their own, or count this process's descriptors, which servers that other tests keep
# running in it also open and close: two at a time, but in processes of their own.
APART = (
    "applications/test_server_rounds.py",
    "bench",
    "faults/test_behind_nginx.py",
    "faults/test_bytewise.py",
    "faults/test_descriptors.py",
    "faults/test_drain.py",
    "faults/test_drain_delay.py",
    "faults/test_raw_left_behind.py",
    "faults/test_start.py",
    "faults/test_systemd.py",
    "faults/test_uring_refused.py",
    "load",
    "unit/apps/static",
    "unit/kernel",
    "unit/top",
)


MARKS = {HERE / place: "alone" for place in ALONE} | {HERE / place: "apart" for place in APART}
STAGES = {"alone": "alone", "apart": "apart", "not alone and not apart": ""}  # as the Makefile names them


def mark_of(file: Path) -> str:
    """A file's own mark counts before its folder's; "" where it has none."""
    return next((MARKS[path] for path in (file, *file.parents) if path in MARKS), "")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A stage of `make test` does not read the files of the others: that takes a third of a minute each time."""
    stage = STAGES.get(config.option.markexpr)
    if stage is None or collection_path.is_dir():
        return None
    return mark_of(collection_path) != stage or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = mark_of(item.path)
        if mark:
            item.add_marker(mark)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--over-tls", action="store_true", help="the support code's servers and clients speak TLS"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Servers of tests have their control sockets where those that people run are not, and killed ones leave none.
    Programs under test hear SIGINT, which a shell has all that it puts into the background ignore.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--over-tls"):
        from tests.support.sealed import EverythingSealed

        EverythingSealed.on = True
    config.stash[RUNTIME] = os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="gearshift-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[RUNTIME], ignore_errors=True)
