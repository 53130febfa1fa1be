"""Several workers' statuses as one."""

from __future__ import annotations

from typing import Any

from gearshift.supervisor.desk import CountMemory
from gearshift.supervisor.merging import added, listeners, merged, own_number
from tests.support.full_status import full_status

TOLD = {"former": {"requests": 7, "accepted": 2}, "crashes": 1, "reloads": 3, "workers": [], "crashed": []}


def worker(pid: int, state: str = "serving", generation: int = 0) -> dict[str, Any]:
    return {"pid": pid, "place": 0, "generation": generation, "state": state, "since": 0.0, "path": ""}


def two() -> dict[str, Any]:
    return merged(99, [(worker(11), full_status()), (worker(12), full_status())], TOLD, 5.0)


def test_counts_are_added_those_of_former_workers_too() -> None:
    one, both = full_status(), two()
    assert both["counts"]["requests"] == one["counts"]["requests"] * 2 + 7
    assert both["requests"]["total"] == both["counts"]["requests"]
    assert both["requests"]["running"] == one["requests"]["running"] * 2
    assert both["open_connections"] == one["open_connections"] * 2
    assert (both["crashes"], both["reloads"], both["pid"], both["uptime_seconds"]) == (1, 3, 99, 5.0)
    assert [row["pid"] for row in both["workers"]] == [11, 12]


def test_it_says_all_that_one_process_says() -> None:
    assert full_status().keys() <= two().keys() | {"history"}


def test_what_is_shared_is_told_once() -> None:
    one, both = full_status(), two()
    assert both["listeners"] == one["listeners"]
    assert both["host"] == one["host"]
    apart = [{"listeners": [{"address": "a", "fd": fd}]} for fd in (5, 6)]
    assert len(listeners(apart)) == 2, "each has an accept queue of its own"


def test_a_connection_is_found_again_by_its_number() -> None:
    one, both = full_status(), two()
    numbers = [row["number"] for row in both["connections"]]
    assert len(set(numbers)) == len(numbers) == 2 * len(one["connections"])
    assert own_number(numbers[-1]) == (12, one["connections"][-1]["number"])
    assert own_number("x") == (0, 0)
    assert {row["worker"] for row in both["threads"]} == {11, 12}


def test_times_of_a_kind_are_put_together() -> None:
    one, both = full_status()["times"], two()["times"]
    assert len(both["kinds"]) == len(one["kinds"]) > 0
    for before, after in zip(one["kinds"], both["kinds"], strict=True):
        assert after["count"] == 2 * before["count"]
        assert after["handler"]["total_seconds"] == 2 * before["handler"]["total_seconds"]
        assert after["handler"]["mean_seconds"] * after["count"] == after["handler"]["total_seconds"]
        assert after["handler"]["max_seconds"] == before["handler"]["max_seconds"]
        assert [n for _, n in after["buckets"]] == [2 * n for _, n in before["buckets"]]
    assert [each["total"] for each in both["slowest"]] == sorted(
        (each["total"] for each in both["slowest"]), reverse=True
    )


def test_the_newest_generation_that_serves_says_which_engine() -> None:
    found = [
        (worker(11, "retiring"), {**full_status(), "engine": "thread"}),
        (worker(12, "serving", 1), {**full_status(), "engine": "epoll"}),
    ]
    assert merged(99, found, TOLD, 1.0)["engine"] == "epoll"


def test_no_count_ever_falls() -> None:
    memory = CountMemory()
    both = [worker(11), worker(12)]
    told = {"former": {}, "crashed": [], "workers": both}
    found = [(each, {"counts": {"requests": 10}}) for each in both]
    assert memory.counts(found, [], told) == {}
    # One does not answer just now: what it had is counted.
    assert memory.counts(found[:1], [12], told) == {"requests": 10}
    # It was killed; and then the other has left in good order.
    assert memory.counts(found[:1], [], {**told, "crashed": [12]}) == {"requests": 10}
    gone = {"former": {"requests": 15}, "crashed": [12], "workers": []}
    assert memory.counts([], [], gone) == {"requests": 25}
    assert added([{}, {"a": 1}, {"a": 2, "b": 3}]) == {"a": 3, "b": 3}
