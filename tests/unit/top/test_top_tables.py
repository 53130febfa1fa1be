"""The tables: which rows they show, in what order, and what a cell says."""

from __future__ import annotations

import re

import pytest

from gearshift.top.columns import Column, split_of
from gearshift.top.tables import (
    CONNECTIONS,
    KINDS,
    SLOWEST,
    STUCK,
    THREADS,
    Filter,
    Table,
    matching,
    ordered,
)
from tests.support.seen import connection, kind, oldest_form, seen, slow, thread

TABLES = (CONNECTIONS, THREADS, KINDS, SLOWEST, STUCK)


def column(table: Table, title: str) -> Column:
    return next(column for column in table.columns if column.title == title)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.what)
def test_every_column_takes_every_row(table: Table) -> None:
    rows = table.rows(seen())
    assert rows
    for each in table.columns:
        for row in rows:
            assert isinstance(each.text(row), str)
        for descending in (False, True):
            assert sorted(map(id, ordered(rows, each, descending))) == sorted(map(id, rows))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.what)
def test_what_the_server_does_not_tell_is_known_to_be_missing(table: Table) -> None:
    assert table.rows(oldest_form()) is None
    assert table.rows(oldest_form(times=None, stuck=None, connections=None, threads=None)) is None


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.what)
def test_identities_differ(table: Table) -> None:
    rows = table.rows(seen()) or []
    assert len({table.identity_of(row) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [(Filter.ALL, [1, 2, 3]), (Filter.CLOSE_WAIT, [2]), (Filter.IDLE, [1]), (Filter.SLOW, [3])],
)
def test_filters(chosen: Filter, numbers: list[int]) -> None:
    rows = CONNECTIONS.rows(seen()) or []
    assert [row["number"] for row in matching(rows, CONNECTIONS, chosen, "")] == numbers


def test_slow_is_a_second_in_a_phase_other_than_idle() -> None:
    for phase, seconds, slow_enough in (
        ("in handler", 0.99, False),
        ("in handler", 1.0, True),
        ("writing", 5.0, True),
        ("idle", 500.0, False),
        ("waiting", None, False),
    ):
        assert Filter.SLOW.passes(connection(1, phase=phase, phase_seconds=seconds)) is slow_enough


def test_filters_follow_each_other_in_a_ring() -> None:
    chosen, passed = Filter.ALL, []
    for _ in Filter:
        chosen = chosen.following()
        passed.append(chosen)
    assert passed == [Filter.CLOSE_WAIT, Filter.IDLE, Filter.SLOW, Filter.ALL]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [1, 2, 3]),
        ("/orders", [3]),
        ("close-wait", [2]),
        ("POOL-3", [3]),
        ("20002", [2]),
        ("2001:DB8", [3]),
        ("none", []),  # a value that isn't known is no text
        ("get /orders", []),  # two values
    ],
)
def test_texts(text: str, numbers: list[int]) -> None:
    rows = CONNECTIONS.rows(seen()) or []
    assert [row["number"] for row in matching(rows, CONNECTIONS, Filter.ALL, text)] == numbers


def test_filter_and_text_together() -> None:
    rows = [connection(1), connection(2, phase="writing"), connection(11)]
    assert [row["number"] for row in matching(rows, CONNECTIONS, Filter.IDLE, ":2001")] == [11]


@pytest.mark.parametrize(("descending", "numbers"), [(False, [2, 3, 1, 4]), (True, [1, 3, 2, 4])])
def test_what_has_no_value_comes_last_either_way(descending: bool, numbers: list[int]) -> None:
    rows = [
        connection(number, phase_seconds=seconds) for number, seconds in enumerate([9.0, 1.0, 5.0, None], 1)
    ]
    found = ordered(rows, column(CONNECTIONS, "since"), descending)
    assert [row["number"] for row in found] == numbers


def test_equal_values_keep_their_order() -> None:
    rows = [connection(number, requests=5) for number in (4, 2, 9)]
    assert ordered(rows, column(CONNECTIONS, "reqs"), True) == rows


def test_numbers_are_sorted_as_numbers() -> None:
    rows = [connection(number) for number in (10, 9, 100)]
    found = ordered(rows, column(CONNECTIONS, "#"), False)
    assert [row["number"] for row in found] == [9, 10, 100]


@pytest.mark.parametrize(
    ("title", "changes", "text"),
    [
        ("#", {}, "7"),
        ("request", {}, ""),
        ("request", {"method": "GET", "path": "/x"}, "GET /x"),
        ("since", {"phase_seconds": None}, "-"),
        ("since", {"phase_seconds": 0.25}, "250ms"),
        ("in", {"bytes_in": 2048}, "2.0K"),
        ("rtt", {"rtt_ms": None}, "-"),
        ("rtt", {"rtt_ms": 1.26}, "1.3ms"),
        ("owner", {"owner": None}, "-"),
        ("retr", {"retransmits": 3}, "3"),
    ],
)
def test_cells_of_a_connection(title: str, changes: dict[str, object], text: str) -> None:
    assert column(CONNECTIONS, title).text(connection(7, **changes)) == text


def test_cells_of_times() -> None:
    row = kind("GET /", 0.02, cpu_share=None)
    assert [column(KINDS, title).text(row) for title in ("count", "mean", "p99", "cpu", "total")] == [
        "100",
        "20.0ms",
        "60.0ms",
        "-",
        "2.0s",
    ]
    request = slow("GET /", 1.2)
    assert column(SLOWEST, "on cpu").text(request) == "-"
    assert re.fullmatch(r"\d\d:\d\d:\d\d", column(SLOWEST, "at").text(request))
    assert column(THREADS, "cpu").text(thread("a", 1, cpu_seconds=None)) == "-"


@pytest.mark.parametrize(
    ("times", "split"),
    [
        ((0.0, 0.25, 0.75, 0.0), "qqqhhhhhhhhh"),
        ((1.0, 1.0, 1.0, 1.0), "aaaqqqhhhwww"),
        ((0.0, 0.000001, 5.0, 0.000001), "qhhhhhhhhhhw"),  # what took any time is seen
        ((0.0, 0.0, 1.0, 0.0), "hhhhhhhhhhhh"),
        ((0.0, 0.0, 0.0, 0.0), ""),
        ((None, 1.0, 1.0, 0.0), "qqqqqqhhhhhh"),
    ],
)
def test_a_split_is_told_in_letters(times: tuple[float | None, ...], split: str) -> None:
    keys = ("accept_queue_estimated", "queue", "handler", "write_blocked")
    assert split_of(slow("GET /", 1.0, **dict(zip(keys, times, strict=True)))) == split
