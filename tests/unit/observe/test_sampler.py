"""When the sampler looks, what it keeps of it, and what it tells: with clocks and readings of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gearshift.kernel.host_counters import HostCounters
from gearshift.kernel.listening import Listening
from gearshift.observe.drop_watch import DropWatch
from gearshift.observe.error_log import ErrorLog
from gearshift.observe.readings import Totals
from gearshift.observe.sampler import Sampler

BEGAN = 50.0
AHEAD = 1_000_000.0  # of the wall clock


class Listener:
    """A listener that is in the error log alone."""

    def __init__(self, *, inherited: bool = False) -> None:
        self.url, self.fd, self.inherited = "http://127.0.0.1:80", 7, inherited
        self.backlog_asked = self.backlog_effective = 3


class Machine:
    """A server and its kernel, as the sampler reads them; what is set here is what there is from then on."""

    engine = "epoll"

    def __init__(self, *, inherited: bool = False) -> None:
        self.now, self.wall = BEGAN, AHEAD + BEGAN
        self.listeners = [Listener(inherited=inherited)]
        self.depth: int | None = 0
        self.drops: int | None = 0
        self.total = Totals(0, 0, 0, 0, 0, 0)
        self.counts = {"ListenOverflows": 0, "ListenDrops": 0, "TCPReqQFullDrop": 0, "SyncookiesSent": 0}
        self.syn_queue: int | None = 0
        self.syn_queue_age = 0.0
        self.descriptors_looked_at = 0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds

    def depths(self) -> list[int | None]:
        return [self.depth]

    def queues(self) -> list[Listening]:
        return [Listening(self.depth, 3, self.drops)]

    def accepted(self) -> int:
        return self.total.accepted

    def totals(self) -> Totals:
        return self.total

    def host(self) -> HostCounters:
        return HostCounters(self.now, dict(self.counts))

    def half_open(self) -> tuple[dict[int, int | None], float]:
        return {7: self.syn_queue}, self.syn_queue_age

    def watch(self) -> None:
        self.descriptors_looked_at += 1


class Session:
    """A sampler of a machine, and what its error log says."""

    def __init__(self, machine: Machine, log: Path) -> None:
        self.machine, self._log = machine, log
        self.error_log = ErrorLog(str(log))
        readings: Any = machine
        self.sampler = Sampler(
            readings,
            DropWatch(readings.listeners, self.error_log),
            readings,
            BEGAN,
            lambda: machine.now,
            lambda: machine.wall,
        )

    def run(self, seconds: float, during: Callable[[int], object] = lambda tick: None) -> None:
        """Ten looks a second. during: told the number of each look before it is taken."""
        for tick in range(round(seconds * 10)):
            self.machine.pass_by(0.1)
            during(tick)
            self.sampler.look()

    def seconds(self) -> list[dict[str, Any]]:
        return self.sampler.history()["seconds"]  # type: ignore[no-any-return]

    def said(self) -> list[str]:
        return [line.partition("] ")[2] for line in self._log.read_text().splitlines()]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(Machine(), tmp_path / "log")
    yield session
    session.error_log.close()


def test_a_sample_a_second(session: Session) -> None:
    machine = session.machine

    def during(tick: int) -> None:
        machine.total = Totals(tick, 10 * tick, tick // 10, 2, 3, 4)
        machine.counts["ListenDrops"] = 5 * tick

    session.run(3.05, during)
    first, second, third = session.seconds()
    assert [round(sample["at"] - AHEAD - BEGAN) for sample in (first, second, third)] == [1, 2, 3]
    assert second["covers_seconds"] == 1.0
    assert (second["requests"], second["running"], second["waiting"], second["connections"]) == (100, 2, 3, 4)
    assert sum(sample["requests"] for sample in (first, second, third)) == machine.total.requests
    assert (second["shed"], second["syn_queue"], second["drops"]) == (1, 0, 0)
    assert second["ListenDrops"] == pytest.approx(50.0)
    assert session.sampler.history()["gaps"] == []


def test_a_burst_within_a_second_is_kept_as_its_maximum(session: Session) -> None:
    def during(tick: int) -> None:
        session.machine.depth = 9 if tick == 14 else 0

    session.run(3.0, during)
    assert [sample["accept_queue"] for sample in session.seconds()] == [0, 9, 0]
    assert session.sampler.accept_wait() == 0.0


def test_what_is_not_known_is_none(session: Session) -> None:
    session.machine.depth = session.machine.drops = session.machine.syn_queue = None
    session.run(1.0)
    [sample] = session.seconds()
    assert (sample["accept_queue"], sample["drops"], sample["syn_queue"]) == (None, None, None)
    assert session.sampler.accept_wait() is None


def test_an_older_look_at_the_syn_queue_is_not_this_second_s(session: Session) -> None:
    def during(tick: int) -> None:
        session.machine.syn_queue_age = 0.2 if tick < 10 else 1.2

    session.run(2.0, during)
    assert [sample["syn_queue"] for sample in session.seconds()] == [0, None]


def test_a_stopped_process_is_a_gap(session: Session) -> None:
    session.run(2.0)
    session.machine.pass_by(30.0)
    session.machine.total = Totals(0, 62, 0, 0, 0, 0)
    session.machine.counts["ListenOverflows"] = 31
    session.run(2.0)
    told = session.sampler.history()
    assert [round(sample["covers_seconds"]) for sample in told["seconds"]] == [1, 1, 30, 1]
    after = told["seconds"][2]
    assert (after["requests"], after["ListenOverflows"]) == (62, pytest.approx(31 / 30.1, abs=0.01))
    [gap] = told["gaps"]
    assert gap == {"at": after["at"], "seconds": pytest.approx(29.1), "why": "not running"}


@pytest.mark.parametrize("leap", [3600.0, -5.0])
def test_a_clock_that_was_set_is_told(session: Session, leap: float) -> None:
    session.run(2.0)
    session.machine.wall += leap
    session.run(3.0)
    told = session.sampler.history()
    assert [sample["covers_seconds"] for sample in told["seconds"]] == [1.0] * 5
    [gap] = told["gaps"]
    assert gap == {"at": told["seconds"][2]["at"], "seconds": pytest.approx(leap), "why": "clock set"}


def test_the_wait_is_estimated_while_nobody_accepts(session: Session) -> None:
    session.machine.depth = 0
    session.run(0.5)
    session.machine.depth = 3
    session.run(2.0)
    assert session.sampler.accept_wait() == pytest.approx(2.0, abs=0.1)


def test_drops_are_told_once_a_burst(session: Session) -> None:
    machine = session.machine

    def burst(tick: int) -> None:
        machine.depth = 4
        machine.drops = (machine.drops or 0) + 1
        machine.counts["ListenOverflows"] += 1
        machine.counts["ListenDrops"] += 1

    machine.total = Totals(5, 1, 0, 1, 0, 5)
    session.run(1.0)
    session.run(3.0, burst)
    [told] = session.said()
    assert told.startswith("warning: http://127.0.0.1:80: 10 dropped: packets of new connections that found")
    assert "; accept queue 4 of 3 (full), SYN queue 0; " in told
    assert "; the engine epoll has 1 requests running, 0 waiting, 5 connections open; " in told
    assert "it is full now: a handler that waits holds up accepting" in told
    assert "--backlog above 3" in told
    machine.depth = 0
    session.run(9.0)
    assert len(session.said()) == 1
    session.run(2.0)
    assert session.said()[1:] == ["info: http://127.0.0.1:80: 30 dropped within 2 s, none since"]
    assert sum(sample["drops"] for sample in session.seconds()) == 30
    session.run(1.0, burst)
    assert len(session.said()) == 3
    assert session.said()[2].startswith("warning: http://127.0.0.1:80: 10 dropped")


def test_a_burst_that_was_told_whole_has_no_second_line(session: Session) -> None:
    session.machine.drops = 2
    session.run(20.0)
    assert len(session.said()) == 1


def test_what_was_dropped_before_a_listener_was_inherited_is_not_told(tmp_path: Path) -> None:
    machine = Machine(inherited=True)
    machine.drops = 99
    session = Session(machine, tmp_path / "log")
    session.run(2.0)
    assert session.said() == []
    machine.drops = 100
    session.run(1.0)
    assert "http://127.0.0.1:80: 1 dropped" in session.said()[0]
    session.error_log.close()


def test_where_listeners_do_not_tell_the_host_does(session: Session) -> None:
    machine = session.machine
    machine.drops = None
    session.run(1.0)
    machine.counts["ListenOverflows"] = 6
    session.run(2.0)
    assert session.said() == [
        "warning: 6 overflows of accept queues in this network namespace, and this kernel does not tell whose:"
        " ss -ltn shows which are full"
    ]


def test_overflows_of_others_are_not_ours(session: Session) -> None:
    session.run(1.0)
    session.machine.counts["ListenOverflows"] = 6
    session.run(2.0)
    assert session.said() == []


def test_cookies_are_told_once_a_burst(session: Session) -> None:
    machine = session.machine
    machine.syn_queue = 3

    def burst(tick: int) -> None:
        machine.counts["SyncookiesSent"] += 1

    session.run(1.0)
    session.run(3.0, burst)
    session.run(11.0)
    told, end = session.said()
    assert told.startswith("warning: 10 SYN cookies sent in this network namespace: a SYN queue was full")
    assert "http://127.0.0.1:80 has 3 in its SYN queue, which may hold 3" in told
    assert end == "info: net namespace: 30 SYN cookies sent within 2 s, none since"


def test_descriptors_are_looked_at_every_few_seconds(session: Session) -> None:
    session.run(20.2)
    assert session.machine.descriptors_looked_at == 4


def test_it_keeps_its_pace_and_stops_when_told(session: Session) -> None:
    """A look that comes late puts off none but the missed ones."""
    machine, pauses = session.machine, []

    def pause(seconds: float) -> bool:
        pauses.append(round(seconds, 3))
        machine.pass_by(seconds + (0.35 if len(pauses) == 2 else 0.01 if len(pauses) == 3 else 0))
        return len(pauses) == 5

    session.sampler.run(pause)
    assert pauses == [0.1, 0.1, 0.1, 0.09, 0.1]
