"""What auto learns and when its watch speaks, with times and looks that the test gives: nothing here waits."""

from __future__ import annotations

import pytest

from gearshift.engines.kinds import Kinds
from gearshift.engines.watch import Patience, Sight
from gearshift.http.limits import Limits
from gearshift.http.protocol import Protocol
from gearshift.http.request import Request
from gearshift.observe.interpreter import is_free_threaded

QUICK, SLOW = 0.00002, 0.01
# What is handed on: where threads compute side by side, less than half a millisecond is (docs/free-threading.md).
LONG = 0.0004 if is_free_threaded() else 0.002


def asked(path: str, method: str = "GET") -> Request:
    protocol = Protocol(Limits())
    protocol.receive(f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    protocol.next_event()
    request = protocol.request
    assert request is not None
    return request


def handed_on(kinds: Kinds) -> dict[str, bool]:
    return {kind: on for kind, _, _, _, on in kinds.report()}


def test_numbers_and_only_they_make_paths_alike() -> None:
    kinds = Kinds()
    assert kinds.find(asked("/orders/17")) == kinds.find(asked("/orders/18"))
    assert kinds.find(asked("/orders/17")) != kinds.find(asked("/orders/new"))
    assert kinds.find(asked("/orders/17")) != kinds.find(asked("/orders/17", "POST"))


def test_a_kind_is_handed_on_once_it_takes_long_on_average_and_not_for_one_slow_run() -> None:
    kinds = Kinds()
    place = kinds.find(asked("/a"))
    kinds.measured(place, QUICK, QUICK)
    kinds.ran(place, LONG)  # one in many, an eighth of the average
    assert handed_on(kinds) == {"GET /a": False}
    for _ in range(3):
        kinds.ran(place, LONG)
    assert handed_on(kinds) == {"GET /a": True}


def test_a_surprise_counts_at_once_and_is_forgotten_after_many_quick_runs() -> None:
    kinds = Kinds()
    place = kinds.find(asked("/a"))
    kinds.surprised(place)
    runs = 0
    while not runs or handed_on(kinds)["GET /a"]:
        kinds.measured(place, QUICK, QUICK)
        runs += 1
    assert 20 < runs < 100


@pytest.mark.parametrize(("processor", "share"), [(SLOW, 0.0), (SLOW / 4, 0.75), (0.0001, 0.99)])
def test_the_share_of_waiting_is_what_the_processor_did_not_have(processor: float, share: float) -> None:
    kinds = Kinds()
    place = kinds.find(asked("/a"))
    for _ in range(200):
        kinds.measured(place, SLOW, processor)
    [(_, runs, seconds, waiting, on)] = kinds.report()
    assert (runs, on) == (200, True)
    assert seconds == pytest.approx(SLOW, rel=0.01)
    assert waiting == pytest.approx(share, abs=0.01)


def test_the_watch_speaks_with_every_look_at_a_step_that_lasts_and_once_when_it_ends() -> None:
    watch = Patience(3)
    assert [watch.look(7, True) for _ in range(6)] == [
        Sight.GO_ON,
        Sight.GO_ON,
        Sight.GO_ON,
        Sight.HELD_UP,
        Sight.HELD_UP,
        Sight.HELD_UP,
    ]
    assert watch.look(8, True) == Sight.LET_GO
    assert watch.look(9, True) == Sight.GO_ON


def test_steps_that_follow_each_other_hold_nobody_up() -> None:
    watch = Patience(2)
    assert {watch.look(step, True) for step in range(1000)} == {Sight.GO_ON}


def test_the_watch_is_told_that_a_step_has_ended_although_none_has_begun_since() -> None:
    watch = Patience(1)
    assert [watch.look(1, True), watch.look(1, True)] == [Sight.GO_ON, Sight.HELD_UP]
    assert watch.look(1, False) == Sight.LET_GO


def test_it_sleeps_where_nothing_has_run_for_long() -> None:
    watch = Patience(1)
    seen = [watch.look(1, False) for _ in range(40)]
    assert Sight.QUIET in seen
    assert seen.index(Sight.QUIET) >= 10
    assert set(seen[: seen.index(Sight.QUIET)]) == {Sight.GO_ON}
