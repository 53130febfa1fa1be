"""What is to be done about workers, decided without a process, a signal or a clock."""

from __future__ import annotations

from itertools import count, pairwise

import pytest

from gearshift.supervisor.backoff import FIRST, HEALTHY, LONGEST, Backoff
from gearshift.supervisor.staff import Kill, Member, Retire, Staff, Start
from gearshift.supervisor.states import MOVES, State, may_move

PATIENCE = 30.0


class House:
    """A staff whose workers start, serve and end when a test says so."""

    def __init__(self, wanted: int = 2) -> None:
        self.now = 100.0
        self.pids = count(1)
        self.staff = Staff(wanted, PATIENCE)
        self.killed: list[int] = []

    def settle(self) -> list[Member]:
        """Does what is planned; the workers that were started."""
        begun = []
        while (step := next(self.staff.plan(self.now), None)) is not None:
            self.now += 0.001
            if isinstance(step, Start):
                begun.append(self.staff.started(next(self.pids), step, self.now))
            elif isinstance(step, Retire):
                step.member.move(State.RETIRING, self.now)
            else:
                step.member.killed = True
                self.killed.append(step.member.pid)
        return begun

    def serve(self, *members: Member) -> None:
        for member in members:
            self.now += 0.001
            self.staff.serves(member, self.now)

    def open(self) -> list[Member]:
        """A staff that serves."""
        (first,) = self.settle()
        self.serve(first)
        others = self.settle()
        self.serve(*others)
        assert self.settle() == []
        assert self.staff.complete()
        return [first, *others]

    def serving(self) -> list[tuple[int, int]]:
        """Place and generation of those that do."""
        members = [member for member in self.staff.members if member.state is State.SERVING]
        return sorted((member.place, member.generation) for member in members)


def test_the_first_worker_shows_that_it_can_be_served_before_the_others_start() -> None:
    house = House(wanted=3)
    (first,) = house.settle()
    assert house.settle() == []
    house.serve(first)
    assert [member.place for member in house.settle()] == [1, 2]


def test_where_the_first_can_not_none_is_tried_again() -> None:
    house = House()
    (first,) = house.settle()
    assert house.staff.gone(first, house.now) is None
    assert house.settle() == []
    assert house.staff.good is None


def test_a_reload_goes_round_the_places_and_leaves_none_empty() -> None:
    house = House(wanted=3)
    former = house.open()
    house.staff.renew()
    for place in range(3):
        (fresh,) = house.settle()
        assert fresh.place == place
        assert len(house.serving()) == 3
        assert house.settle() == [], "one after the other"
        house.serve(fresh)
        assert house.staff.complete() == (place == 2)
        assert former[place].state is State.SERVING
    house.settle()
    assert house.serving() == [(0, 1), (1, 1), (2, 1)]
    assert {member.state for member in former} == {State.RETIRING}
    assert house.staff.complete()
    assert house.staff.good == 1


def test_a_generation_that_can_not_serve_is_given_up() -> None:
    house = House()
    house.open()
    house.staff.renew()
    (fresh,) = house.settle()
    assert house.staff.gone(fresh, house.now) is None, "no crash of a worker that served"
    assert house.settle() == []
    assert house.serving() == [(0, 0), (1, 0)]
    assert house.staff.complete()
    assert house.staff.renew() == 2, "its number is not given again"


def test_who_dies_during_a_trial_is_replaced_by_its_like() -> None:
    house = House()
    members = house.open()
    house.staff.renew()
    (fresh,) = house.settle()
    seconds = house.staff.gone(members[1], house.now)
    assert seconds == FIRST
    assert house.settle() == []
    house.now += seconds
    (again,) = house.settle()
    assert (again.place, again.generation) == (1, 0)
    assert fresh.generation == 1


def test_a_crashed_worker_is_replaced_after_a_while_that_doubles() -> None:
    house = House(wanted=1)
    (member,) = house.open()
    waits = []
    for _ in range(9):
        seconds = house.staff.gone(member, house.now)
        assert seconds is not None
        waits.append(seconds)
        assert house.settle() == []
        assert house.staff.due() == pytest.approx(house.now + seconds)
        house.now += seconds
        (member,) = house.settle()
        house.serve(member)
    assert waits[0] == FIRST
    assert all(later == min(earlier * 2, LONGEST) for earlier, later in pairwise(waits))
    assert waits[-1] == LONGEST
    house.now += HEALTHY
    assert house.staff.gone(member, house.now) == FIRST, "it had served for long"


def test_who_asks_for_it_is_replaced_once_its_successor_serves() -> None:
    house = House()
    first, second = house.open()
    first.recycled = second.recycled = "300 requests"
    (successor,) = house.settle()
    assert successor.place == 0
    assert first.state is State.SERVING
    house.serve(successor)
    (other,) = house.settle()
    assert first.state is State.RETIRING
    assert (other.place, second.state) == (1, State.SERVING)
    house.serve(other)
    house.settle()
    assert second.state is State.RETIRING
    assert house.serving() == [(0, 0), (1, 0)]


def test_fewer_and_more() -> None:
    house = House(wanted=2)
    _, second = house.open()
    house.staff.wanted = 1
    assert house.settle() == []
    assert second.state is State.RETIRING
    house.staff.wanted = 3
    assert [member.place for member in house.settle()] == [1, 2]


def test_who_does_not_leave_in_time_is_killed_once() -> None:
    house = House(wanted=1)
    (member,) = house.open()
    house.staff.renew()
    (fresh,) = house.settle()
    house.serve(fresh)
    house.settle()
    assert member.state is State.RETIRING
    assert house.staff.due() == pytest.approx(member.since + PATIENCE)
    house.now += PATIENCE + 1
    house.settle()
    house.settle()
    assert house.killed == [member.pid]
    assert house.staff.gone(member, house.now) is None, "no crash"


def test_an_ending_staff_starts_nobody() -> None:
    house = House()
    first, second = house.open()
    house.staff.ending = True
    for member in (first, second):
        member.move(State.DRAINING, house.now)
    assert house.staff.gone(first, house.now) is None
    assert house.settle() == []
    house.staff.hurry(house.now, 3.0)
    house.now += 3.0
    house.settle()
    assert house.killed == [second.pid]


def test_moves_that_the_table_does_not_have_are_refused() -> None:
    assert set(MOVES) == set(State)
    assert not may_move(State.GONE, State.SERVING)
    assert not may_move(State.RETIRING, State.SERVING)
    member = Member(1, 0, 0, 0.0)
    with pytest.raises(AssertionError):
        member.move(State.RETIRING, 1.0)


def test_a_plan_asks_for_one_kind_of_thing_at_a_time() -> None:
    house = House()
    step = next(house.staff.plan(house.now))
    assert isinstance(step, Start)
    assert not isinstance(step, Kill)


def test_crashes_in_a_row_are_counted_from_the_last_that_served_long() -> None:
    backoff = Backoff()
    assert [backoff.crashed(now, 0.0) for now in (1.0, 2.0, 3.0)] == [0.1, 0.2, 0.4]
    assert backoff.until == pytest.approx(3.4)
    assert backoff.crashed(50.0, HEALTHY) == 0.1
    assert backoff.crashes == 1
