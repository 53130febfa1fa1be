"""An hour of samples in columns."""

from __future__ import annotations

import sys

from gearshift.observe.history import COUNTED, LENGTH, RATES, History

VALUES = {**dict.fromkeys(COUNTED, 3.0), **dict.fromkeys(RATES, 0.1)}


def test_a_sample_comes_back_as_it_was() -> None:
    history = History()
    history.add(1000.25, 1.0004, {**VALUES, "syn_queue": None, "ListenDrops": None})
    [sample] = history.as_dict()["seconds"]
    assert list(sample) == ["at", "covers_seconds", *COUNTED, *RATES]
    assert sample == {
        "at": 1000.25,
        "covers_seconds": 1.0,
        **dict.fromkeys(COUNTED, 3),
        **dict.fromkeys(RATES, 0.1),
        "syn_queue": None,
        "ListenDrops": None,
    }
    assert type(sample["drops"]) is int


def test_the_oldest_make_room() -> None:
    history = History(length=5)
    for number in range(13):
        history.add(float(number), 1.0, {"requests": number})
    seconds = history.as_dict()["seconds"]
    assert [(second["at"], second["requests"]) for second in seconds] == [(n, n) for n in range(8, 13)]


def test_only_what_is_new() -> None:
    history = History()
    for number in range(3):
        history.add(float(number), 1.0, VALUES)
    history.add_gap(1.0, 7.0004, "not running")
    history.add_gap(2.0, -3.0, "clock set")
    since = history.as_dict(since=1.0)
    assert [second["at"] for second in since["seconds"]] == [2.0]
    assert since["gaps"] == [{"at": 2.0, "seconds": -3.0, "why": "clock set"}]
    assert history.as_dict()["gaps"][0] == {"at": 1.0, "seconds": 7.0, "why": "not running"}


def test_the_last_one_told_is_not_told_again() -> None:
    history = History()
    history.add(1000.0006, 1.0, VALUES)
    history.add(1001.0004, 1.0, VALUES)
    history.add_gap(1001.0004, 1.0, "not running")
    last = history.as_dict()["seconds"][-1]["at"]
    assert history.as_dict(since=last) == {"seconds": [], "gaps": []}


def test_an_hour_takes_little_memory() -> None:
    history = History()
    for number in range(LENGTH + 10):
        history.add(float(number), 1.0, VALUES)
    columns = [history._at, *history._columns.values()]
    assert {len(column) for column in columns} == {LENGTH}
    assert sum(map(sys.getsizeof, columns)) < 300_000
