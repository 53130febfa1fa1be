"""The bar on a terminal."""

from __future__ import annotations

import io

import pytest

from gearshift.bench.progress import ERASE, Progress


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_it_grows_and_leaves_nothing() -> None:
    screen = Screen()
    progress = Progress(screen)
    progress.tell(0.0, "starts")
    progress.tell(0.5, "epoll: warms up")
    before, _, half = screen.getvalue().rpartition(ERASE)
    assert before.endswith("  0 %  starts")
    assert half.endswith(" 50 %  epoll: warms up")
    assert half.count("━") == half.count("─")
    progress.clear()
    assert screen.getvalue().endswith(ERASE)


def test_it_is_no_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen()
    Progress(screen).tell(0.3, "a" * 100)
    assert len(screen.getvalue().removeprefix(ERASE)) == 39


def test_nobody_looks() -> None:
    stream = io.StringIO()
    Progress(stream).tell(0.5, "epoll")
    Progress(stream).clear()
    assert stream.getvalue() == ""
