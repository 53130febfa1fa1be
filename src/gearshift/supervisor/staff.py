"""Which workers there are, and what is to be done about it: decided here, done by the supervisor.

Each worker has a place, from 0; a place is never left empty for a successor's sake: that one starts first, and once it
serves, the former retires. One successor starts at a time, so a reload goes round the places. A generation is what
application and configuration were when a worker started: the first worker of a new one is on trial, and where it does
not come to serve, the generation is given up and the workers of the former go on.

No clock, no process and no signal: times are monotonic seconds, given by the caller.
"""

from __future__ import annotations

from gearshift.supervisor.backoff import Backoff
from gearshift.supervisor.states import State, may_move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PRESENT = (State.STARTING, State.SERVING)
LEAVING = (State.RETIRING, State.DRAINING)


class Member:
    """One worker. since: when its state began. recycled: why it asks to be replaced, "" where it does not."""

    def __init__(self, pid: int, place: int, generation: int, now: float) -> None:
        self.pid = pid
        self.place = place
        self.generation = generation
        self.state = State.STARTING
        self.began = self.since = now
        self.recycled = ""
        self.killed = False

    def move(self, target: State, now: float) -> None:
        assert may_move(self.state, target), (self.state, target)
        self.state = target
        self.since = now

    def __repr__(self) -> str:
        return f"Member({self.pid}, place {self.place}, {self.state.value})"


class Start:
    """Start a worker of that generation in that place."""

    def __init__(self, place: int, generation: int) -> None:
        self.place = place
        self.generation = generation


class Retire:
    """Its successor serves, or its place is no more: it may go."""

    def __init__(self, member: Member) -> None:
        self.member = member


class Kill:
    """It has not ended in time."""

    def __init__(self, member: Member) -> None:
        self.member = member


class Staff:
    """wanted: how many workers are to serve. patience: seconds that one has to leave."""

    def __init__(self, wanted: int, patience: float) -> None:
        self.wanted = wanted
        self.patience = patience
        self.members: list[Member] = []
        self.good: int | None = None  # the newest generation of which a worker has served
        self.trial: int | None = 0  # the one that is yet to show it
        self.newest = 0
        self.backoff = Backoff()
        self.ending = False

    # ---- what has happened -------------------------------------------------------------------------------

    def started(self, pid: int, start: Start, now: float) -> Member:
        member = Member(pid, start.place, start.generation, now)
        self.members.append(member)
        return member

    def serves(self, member: Member, now: float) -> bool:
        """It does. True where its generation has thereby stood its trial."""
        member.move(State.SERVING, now)
        if member.generation != self.trial:
            return False
        self.good, self.trial = self.trial, None
        return True

    def gone(self, member: Member, now: float) -> float | None:
        """Its process has ended. Seconds until another is started in its place, where that was a crash; else None."""
        before, served = member.state, now - member.since if member.state is State.SERVING else 0.0
        member.move(State.GONE, now)
        self.members.remove(member)
        if self.ending or before in LEAVING:
            return None
        if member.generation == self.trial:
            self.trial = None
            return None
        return self.backoff.crashed(now, served)

    def renew(self) -> int:
        """Application and configuration are to be read anew: the number of the generation that is on trial now."""
        assert self.trial is None
        self.newest += 1
        self.trial = self.newest
        return self.newest

    def hurry(self, now: float, seconds: float) -> None:
        """Whoever is leaving has only that long from now on."""
        self.patience = seconds
        for member in self.members:
            member.since = now

    # ---- what is to be done ------------------------------------------------------------------------------

    def plan(self, now: float) -> Iterator[Start | Retire | Kill]:
        """Asked again after each of them has been done."""
        for member in self.members:
            if member.state in LEAVING and now >= member.since + self.patience and not member.killed:
                yield Kill(member)
                return
        if self.ending:
            return
        for member in self.members:
            if member.state is State.SERVING and self._is_superfluous(member):
                yield Retire(member)
                return
        start = self._next_start(now)
        if start is not None:
            yield start

    def due(self) -> float | None:
        """When plan() may have something new though nothing has happened; None: not by itself."""
        times = [member.since + self.patience for member in self.members if member.state in LEAVING]
        if not self.ending and self.backoff.until and any(self._is_empty(place) for place in self._places()):
            times.append(self.backoff.until)
        return min(times, default=None)

    def _places(self) -> range:
        return range(self.wanted)

    def _at(self, place: int, *states: State) -> list[Member]:
        return [member for member in self.members if member.place == place and member.state in states]

    def _is_empty(self, place: int) -> bool:
        return not self._at(place, *PRESENT)

    def _is_superfluous(self, member: Member) -> bool:
        if member.place >= self.wanted:
            return True
        return any(other.began > member.began for other in self._at(member.place, State.SERVING))

    def _next_start(self, now: float) -> Start | None:
        if self.good is None:
            # Nothing has served yet: where the first can't, the others need not try.
            if self.trial is None or not self._is_empty(0):
                return None
            return Start(0, self.trial)
        if now < self.backoff.until:
            return None
        for place in self._places():
            if self._is_empty(place):
                return Start(place, self.good)
        if any(member.state is State.STARTING for member in self.members):
            return None
        wanted = self.good if self.trial is None else self.trial
        for place in self._places():
            for member in self._at(place, State.SERVING):
                if member.generation < wanted or member.recycled:
                    return Start(place, wanted)
        return None

    def complete(self) -> bool:
        """Whether every place has a worker of the newest generation that serves, and nobody is on trial."""
        return self.trial is None and all(
            any(member.generation == self.good for member in self._at(place, State.SERVING))
            for place in self._places()
        )
