"""How many processors there are for this process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gearshift.kernel.processors import processors


def test_at_most_those_it_may_run_on() -> None:
    assert 1 <= processors() <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ({"": None, "a": "max 100000"}, 64),
        ({"a": "150000 100000"}, 2),
        ({"a": "50000 100000"}, 1),
        ({"a": "300000 100000", "a/b": "800000 100000"}, 3),
        ({"a/b": "what is this"}, 64),
    ],
)
def test_no_more_than_the_groups_above_allow(
    quotas: dict[str, str | None], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    (tmp_path / "a" / "b").mkdir(parents=True)
    for group, quota in quotas.items():
        if quota is not None:
            (tmp_path / group / "cpu.max").write_text(quota + "\n")
    own = tmp_path / "own"
    own.write_text("0::/a/b\n")
    assert processors(str(tmp_path), str(own)) == expected


def test_without_control_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    assert processors(str(tmp_path / "none"), str(tmp_path / "neither")) == 3
