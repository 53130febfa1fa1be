"""Where the time of requests went: kinds, histograms, the slowest. The durations are the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from gearshift.http.limits import Limits
from gearshift.http.protocol import Protocol
from gearshift.http.request import Request
from gearshift.times import Times

PLACES = 512


def asked(path: str, method: str = "GET") -> Request:
    protocol = Protocol(Limits())
    protocol.receive(f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    protocol.next_event()
    assert protocol.request is not None
    return protocol.request


def took(times: Times, path: str, handler: float, **more: Any) -> int:
    values = {"status": 200, "queue": 0.0, "write_blocked": 0.0, "processor": -1.0, **more}
    return times.took(
        asked(path), values["status"], values["queue"], handler, values["write_blocked"], values["processor"]
    )


def kind(times: Times, name: str) -> dict[str, Any]:
    [found] = [kind for kind in times.kinds() if kind["kind"] == name]
    return found


def test_ids_do_not_make_kinds() -> None:
    times = Times()
    for number in range(30):
        took(times, f"/orders/{number}", 0.001)
    took(times, "/orders/new", 0.002)
    assert {kind["kind"]: kind["count"] for kind in times.kinds()} == {
        "GET /orders/*": 30,
        "GET /orders/new": 1,
    }


def test_durations_are_summed_up() -> None:
    times = Times()
    for milliseconds in range(1, 101):
        took(times, "/a", milliseconds / 1000, queue=0.5)
    seen = kind(times, "GET /a")
    assert seen["handler"]["mean_seconds"] == pytest.approx(0.0505)
    assert seen["handler"]["total_seconds"] == pytest.approx(5.05)
    assert seen["handler"]["max_seconds"] == 0.1
    # A bucket is half an octave wide, and its upper bound is told.
    assert 0.050 <= seen["handler"]["p50_seconds"] <= 0.050 * 2**0.5
    assert 0.095 <= seen["handler"]["p95_seconds"] <= 0.1
    assert seen["queue"]["p50_seconds"] == 0.5
    assert seen["write_blocked"]["total_seconds"] == 0


def test_buckets_hold_what_is_below_their_bound() -> None:
    times = Times()
    durations = [0.0, 5e-7, 1e-6, 1.5e-6, 0.001, 0.0014, 0.3, 7.0, 1e6]
    for duration in durations:
        took(times, "/a", duration)
    buckets = kind(times, "GET /a")["buckets"]
    assert sum(count for _, count in buckets) == len(durations)
    bounds = [bound for bound, _ in buckets]
    assert bounds == sorted(bounds)
    seen = 0
    for bound, count in buckets[:-1]:  # the last holds whatever is longer
        seen += count
        assert sum(duration < bound for duration in durations) == seen


def test_strangers_who_invent_paths_do_not_drive_out_the_kinds() -> None:
    times = Times()
    took(times, "/real", 0.001)
    for index in range(3 * PLACES):
        took(times, f"/{'x' * (index // 26)}{chr(97 + index % 26)}", 0.001, status=404)
    assert {kind["kind"] for kind in times.kinds()} == {"GET /real", "not found (404)"}


def test_past_the_table_kinds_are_counted_together() -> None:
    times = Times()
    for index in range(2 * PLACES):
        took(times, f"/{'x' * (index // 26)}{chr(97 + index % 26)}", 0.001)
    seen = times.kinds()
    assert len(seen) <= PLACES + 1
    assert sum(kind["count"] for kind in seen) == 2 * PLACES
    assert kind(times, "other")["count"] >= PLACES


def test_the_share_of_the_processor_is_that_of_the_measured_ones() -> None:
    times = Times()
    took(times, "/a", 1.0)
    assert kind(times, "GET /a")["cpu_share"] is None
    took(times, "/a", 1.0, processor=0.2)
    took(times, "/a", 1.0, processor=0.4)
    took(times, "/a", 1.0)
    assert kind(times, "GET /a")["cpu_share"] == pytest.approx(0.3)


def test_one_in_64_is_measured_and_all_of_a_slow_kind() -> None:
    times = Times()
    assert sum(times.wants_processor(asked("/a")) for _ in range(640)) == 10
    took(times, "/slow", 0.01)
    assert all(times.wants_processor(asked("/slow")) for _ in range(20))


def record(at: float, total: float) -> dict[str, Any]:
    return {"at": at, "total": total}


def test_the_slowest_are_kept_for_ten_minutes() -> None:
    times = Times()
    for index in range(200):
        times.keep(record(1000.0 + index, 0.01 * (index + 1)))
    slowest = times.slowest_since(1200.0)
    assert [entry["total"] for entry in slowest] == pytest.approx(
        [0.01 * index for index in range(200, 136, -1)]
    )
    assert times.floor == pytest.approx(1.37)
    assert times.slowest_since(1700.0) == slowest[:100]
    assert times.slowest_since(1850.0) != slowest
    assert times.slowest_since(3000.0) == []
    assert times.floor == 0.001


def test_what_a_reader_held_up_after_the_end_is_added_to_its_kind() -> None:
    times = Times()
    place = took(times, "/a", 0.001)
    times.wrote(place, 2.5)
    assert kind(times, "GET /a")["write_blocked"]["max_seconds"] == 2.5
