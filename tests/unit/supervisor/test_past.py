"""Several workers' last hours as one."""

from __future__ import annotations

from typing import Any

import pytest

from gearshift.observe.history import COUNTED, RATES, History
from gearshift.supervisor.past import by_second, together

BEGAN = 1_790_000_000


def kept(ends: list[float], **values: float | None) -> dict[str, Any]:
    """What a worker has whose samples ended then, all alike."""
    history = History()
    for end in ends:
        history.add(BEGAN + end, 1.0, {name: values.get(name, 0.0) for name in (*COUNTED, *RATES)})
    return history.as_dict()


def test_counts_are_added_and_what_all_see_is_told_once() -> None:
    one = kept([1.3, 2.3, 3.3], requests=10, connections=2, accept_queue=3, drops=1, ListenDrops=5.0)
    other = kept([1.8, 2.8, 3.8], requests=7, connections=1, accept_queue=4, drops=1, ListenDrops=5.0)
    seconds = together({11: one, 12: other}, 0.0)["seconds"]
    assert seconds[0].keys() == one["seconds"][0].keys()
    assert [second["at"] - BEGAN for second in seconds] == [1.0, 2.0, 3.0]
    for second in seconds:
        assert (second["requests"], second["connections"], second["covers_seconds"]) == (17, 3, 1.0)
        assert (second["accept_queue"], second["drops"], second["ListenDrops"]) == (4, 1, 5.0)
    apart = together({11: one, 12: other}, 0.0, own_queues=True)["seconds"]
    assert (apart[0]["accept_queue"], apart[0]["drops"], apart[0]["ListenDrops"]) == (7, 2, 5.0)


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.25, 0.5, 0.98])
def test_each_sample_has_a_second_of_its_own_wherever_in_it_its_worker_looks(moment: float) -> None:
    unsteady = [0.03, -0.04, 0.09, -0.01, -0.05, 0.08]
    ends = [100 + place + moment + off for place, off in enumerate(unsteady)]
    assert len(by_second(kept(ends)["seconds"])) == len(ends)


def test_a_second_is_told_once_all_have_told_it_and_then_for_good() -> None:
    ends = [float(second) + 0.4 for second in range(1, 9)]
    slower = kept(ends[:6], requests=1)
    first = together({11: kept(ends, requests=1), 12: slower}, 0.0)["seconds"]
    assert [second["at"] - BEGAN for second in first] == [1, 2, 3, 4, 5, 6]
    then = together({11: kept(ends, requests=1), 12: kept(ends, requests=1)}, first[-1]["at"])["seconds"]
    assert [(second["at"] - BEGAN, second["requests"]) for second in then] == [(7, 2), (8, 2)]


def test_nobody_waits_for_a_worker_that_has_stopped_looking() -> None:
    ends = [float(second) for second in range(1, 20)]
    seconds = together({11: kept(ends, requests=1), 12: kept(ends[:5], requests=1)}, 0.0)["seconds"]
    assert [second["requests"] for second in seconds] == [2] * 5 + [1] * 14


def test_what_nobody_knows_is_not_known() -> None:
    one, other = kept([1.0], syn_queue=None, drops=None), kept([1.0], syn_queue=None, drops=3)
    (second,) = together({11: one, 12: other}, 0.0)["seconds"]
    assert (second["syn_queue"], second["drops"]) == (None, 3)
    (apart,) = together({11: one, 12: other}, 0.0, own_queues=True)["seconds"]
    assert (apart["syn_queue"], apart["drops"]) == (None, 3)


def test_gaps_say_whose_they_are() -> None:
    history = History()
    history.add_gap(BEGAN + 5.0, 2.0, "not running")
    history.add_gap(BEGAN + 2.0, 1.0, "clock set")
    told = together({11: kept([1.0]), 12: history.as_dict()}, BEGAN + 3.0)
    assert told["gaps"] == [{"at": BEGAN + 5.0, "seconds": 2.0, "why": "not running", "worker": 12}]
    assert together({}, 0.0) == {"seconds": [], "gaps": []}
