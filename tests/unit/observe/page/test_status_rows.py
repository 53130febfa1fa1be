"""Which connections a viewer is shown."""

from __future__ import annotations

from typing import Any

import pytest

from gearshift.observe.page.rows import FEW_ROWS, MOST_ROWS, Selection, WrongQuery, totals

ROWS: list[dict[str, Any]] = [
    {"number": 1, "remote": "192.0.2.1:5001", "phase": "idle", "phase_seconds": 9.0, "tcp_state": "ESTAB"},
    {"number": 2, "remote": "192.0.2.2:5002", "phase": "in handler", "phase_seconds": 1.5, "path": "/Orders/12"},
    {"number": 3, "remote": "192.0.2.1:5003", "phase": "writing", "phase_seconds": 0.2, "path": "/orders"},
    {"number": 4, "remote": None, "protocol": "unix", "phase": "in handler", "phase_seconds": None, "path": "/"},
    {"number": 5, "remote": "192.0.2.1:5005", "phase": "closing", "tcp_state": "CLOSE-WAIT", "phase_seconds": 30.0},
]  # fmt: skip


def shown(query: str) -> list[int]:
    return [row["number"] for row in Selection.of(query).rows(ROWS)[0]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("sort=-number", [5, 4, 3, 2, 1]),
        ("sort=phase_seconds", [3, 2, 1, 5, 4]),
        ("sort=-phase_seconds", [5, 1, 2, 3, 4]),
        ("sort=-phase_seconds&limit=2", [5, 1]),
        ("limit=0", []),
        ("filter=192.0.2.1", [1, 3, 5]),
        ("filter=ORDERS", [2, 3]),
        ("filter=192.0.2.1+writing", [3]),
        ("filter=unix", [4]),
        ("filter=nothing", []),
        ("show=idle", [1]),
        ("show=slow", [2, 5]),
        ("show=close-wait", [5]),
        ("show=slow&filter=orders", [2]),
        ("sort=inode", [1, 2, 3, 4, 5]),
    ],
)
def test_selections(query: str, numbers: list[int]) -> None:
    assert shown(query) == numbers


def test_how_many_match_is_told_whatever_is_shown() -> None:
    assert Selection.of("limit=1&filter=192").rows(ROWS) == ([ROWS[0]], 4)


def test_so_many_and_no_more() -> None:
    assert Selection.of("").limit == FEW_ROWS
    assert Selection.of("limit=123456").limit == MOST_ROWS


@pytest.mark.parametrize(
    "query", ["sort=%20", "sort=nothing", "sort=--number", "show=busy", "limit=x", "limit=-1", "limit=٣"]
)
def test_wrong_questions(query: str) -> None:
    with pytest.raises(WrongQuery, match="expected"):
        Selection.of(query)


def test_equal_questions_are_one() -> None:
    assert Selection.of("filter=A+b&sort=-fd").key == Selection.of("sort=-fd&filter=a%20%20b").key
    assert Selection.of("sort=-fd").key != Selection.of("sort=fd").key


def test_totals() -> None:
    assert totals(ROWS) == {
        "all": 5,
        "phases": {"idle": 1, "in handler": 2, "writing": 1, "closing": 1},
        "tcp_states": {"ESTAB": 1, "unknown": 3, "CLOSE-WAIT": 1},
        "presets": {"close-wait": 1, "idle": 1, "slow": 2},
    }
