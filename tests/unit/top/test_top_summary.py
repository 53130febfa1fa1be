"""The lines above the tables, and rates between two answers."""

from __future__ import annotations

from typing import Any

import pytest

from gearshift.top.snapshots import drops_per_second, host_per_second, requests_per_second
from gearshift.top.summary import bar, listeners, summary
from tests.support.seen import listener, oldest_form, seen


def later(seconds: float, requests: int, **changes: object) -> dict[str, Any]:
    """The same server, so many seconds and requests after oldest_form()."""
    totals = {"total": 1000 + requests, "running": 1, "waiting": 2, "shed": 3}
    return oldest_form(uptime_seconds=100.0 + seconds, requests=totals, **changes)


def test_requests_per_second_are_counted_by_the_servers_clock() -> None:
    assert requests_per_second(oldest_form(), later(2.0, 500)) == 250.0
    assert requests_per_second(oldest_form(), later(0.5, 0)) == 0.0


@pytest.mark.parametrize(
    ("former", "now"),
    [
        (None, oldest_form()),
        (oldest_form(), oldest_form()),  # no time has passed
        (oldest_form(), later(1.0, 5, pid=4712)),  # another server
        (later(5.0, 5), oldest_form()),  # one with the same number that was started anew
    ],
)
def test_there_is_no_rate_between_what_does_not_follow(
    former: dict[str, Any] | None, now: dict[str, Any]
) -> None:
    assert requests_per_second(former, now) is None
    assert drops_per_second(former, now) == {}
    assert host_per_second(former, now) == {}
    assert summary(former, now, 100, 5)[1].startswith("- requests/s")


def test_drops_are_each_listeners_own() -> None:
    before = oldest_form(listeners=[listener("a"), listener("b", drops=4), listener("c", drops=None)])
    after = later(
        2.0,
        0,
        listeners=[listener("a"), listener("b", drops=10), listener("c", drops=None), listener("d", drops=9)],
    )
    assert drops_per_second(before, after) == {"b": 3.0}


def test_host_counters_that_rise() -> None:
    host = oldest_form()["host"]
    assert host_per_second(oldest_form(), later(2.0, 0, host={**host, "ListenDrops": 5})) == {
        "ListenDrops": 2.5
    }
    assert host_per_second(oldest_form(host=None), later(2.0, 0)) == {}


def test_the_whole() -> None:
    now = seen(uptime_seconds=101.0, leaving=[{"engine": "epoll", "connections": 2}])
    now["requests"]["total"] = 1123
    assert summary(oldest_form(), now, 120, 5) == [
        "shop:app  engine pool, 16 threads asked  up 1m41s  pid 4711  Gearshift 0.3",
        "123.0 requests/s  1 running  2 waiting  3 shed  1123 in all  3 connections, 2 leaving",
        "pool 1 busy, 7 idle of 16; queue 2, oldest waits 12.0ms  fds 45 of 1024",
        "http://127.0.0.1:8000  [....................] 0/2048  SYN 0  drops 0",
    ]


def test_an_event_loop() -> None:
    loop = {"lag_seconds": 0.0002, "lag_max_seconds": 0.031, "tasks": 12}
    lines = summary(None, seen(pool=None, loop=loop), 80, 5)
    assert lines[2].startswith("loop lag 200us, most 31.0ms; 12 tasks  ")


def test_what_is_not_told_is_left_out() -> None:
    lines = summary(None, oldest_form(descriptors=None, host=None), 80, 5)
    assert [line.split()[0] for line in lines] == ["shop:app", "-", "http://127.0.0.1:8000"]


def test_nearly_no_descriptors_left() -> None:
    lines = summary(None, oldest_form(descriptors={"open": 900, "limit": 1024}), 80, 5)
    assert lines[2] == "fds 900 of 1024 NEARLY ALL"


def test_a_host_that_drops_says_so() -> None:
    host = {"ListenOverflows": 3, "ListenDrops": 3, "TCPReqQFullDrop": 0, "SyncookiesSent": 0}
    assert summary(oldest_form(), later(1.0, 0, host=host), 80, 5)[3] == (
        "host: ListenOverflows +3.0/s, ListenDrops +3.0/s"
    )


def test_nothing_moves_the_cursor_of_a_terminal() -> None:
    hostile = oldest_form(application="x\x1b[2J\n", listeners=[listener("unix:/a\rb")])
    lines = summary(None, hostile, 80, 5)
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith("x\\x1b[2J\\x0a ")


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (0, 100, "[..........]"),
        (1, 100, "[#.........]"),
        (50, 100, "[#####.....]"),
        (99, 100, "[#########.]"),
        (100, 100, "[##########]"),
        (101, 100, "[##########]"),
        (None, 100, "[??????????]"),
        (5, None, "[??????????]"),
        (0, 0, "[??????????]"),
    ],
)
def test_bars(value: int | None, limit: int | None, shown: str) -> None:
    assert bar(value, limit, 10) == shown


def test_a_full_queue_that_drops_is_told_in_words() -> None:
    former = oldest_form(listeners=[listener("http://[::1]:1", accept_queue_limit=3)])
    now = later(2.0, 0, listeners=[listener("http://[::1]:1", accept_queue=4, accept_queue_limit=3, drops=7)])
    assert listeners(former, now, 10, 5) == [
        "http://[::1]:1  [##########] 4/3 FULL  SYN 0  drops 7 DROPPING 3.5/s"
    ]


def test_a_unix_listener_knows_less() -> None:
    unix = listener("unix:/run/s", drops=None, syn_queue=None, accept_queue=1, accept_queue_limit=None)
    assert listeners(None, oldest_form(listeners=[unix]), 10, 5) == ["unix:/run/s  [??????????] 1/?"]


def test_of_many_listeners_the_fullest_are_shown() -> None:
    many = [listener(f"a{number}", accept_queue=number) for number in range(8)]
    lines = listeners(None, oldest_form(listeners=many), 10, 4)
    assert [line.split()[0] for line in lines] == ["a7", "a6", "a5", "and"]
    assert lines[-1] == "and 5 listeners less full"
    in_order = listeners(None, oldest_form(listeners=many[:4]), 10, 4)
    assert [line.split()[0] for line in in_order] == ["a0", "a1", "a2", "a3"]
