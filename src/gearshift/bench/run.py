"""The order of things: every candidate is looked at once, then the best of them again and again, by turns.

By turns, because machines drift: what is measured minutes apart differs by more than what is to be told apart.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import NamedTuple

from gearshift.bench import peers
from gearshift.bench.candidates import GEARSHIFT, Candidate
from gearshift.bench.loading import Load, LoadError
from gearshift.bench.measurement import Bracket, Measured
from gearshift.bench.search import RateSearch
from gearshift.bench.served import Served, ServerError, free_port, gearshift_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.bench.application import Application
    from gearshift.bench.processors import Processors
    from gearshift.bench.requests import Request

FIRST_LOOK = 0.6  # of the time, for looking at every candidate once
AGAIN = 3  # searches of each of the best, the first one included, where time allows
CONTENDERS = 4
NEAR = 0.85  # of the best: what comes up to it is measured again
OUT_OF_REACH = 0.75  # of the best rate sustained: what has no more capacity than that need not be searched
COMFORTABLE = 0.6  # of the best rate sustained: the load under which tails and costs are compared
WARM_UP = 0.3  # seconds
SHORTEST, LONGEST = 0.4, 5.0  # seconds, of a run
PROBES = 5  # of a search
PROBES_AGAIN = 4  # where a former one has told where it lies
LEAST_REQUESTS = 120  # of a run: a 99th percentile of fewer says little
AROUND_A_RUN = 0.25  # seconds, for the load's own start
NOTHING_KNOWN = Bracket(0.0, 0.0)


class Ask(NamedTuple):
    """What is to be measured. target: of the 99th percentile, milliseconds. seconds: for all of it."""

    application: Application
    text: str
    interface: str
    target: float
    seconds: float


@dataclass(slots=True)
class Outcome:
    """measured: in the order in which they were begun. common_rate: requests a second that the best were given, or 0.

    left_out: what was not tried, and why. seconds: that it took. interrupted: it was ended early.
    """

    measured: list[Measured] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    common_rate: float = 0.0
    seconds: float = 0.0
    interrupted: bool = False


class Bench:
    """One run of the whole.

    first_request: to see by whether a server answers. tell: is called with the share that is done, 0 to 1, and what is
    being done now. began: when the user began to wait, by time.monotonic().
    """

    def __init__(
        self,
        ask: Ask,
        load: Load,
        processors: Processors,
        first_request: Request,
        tell: Callable[[float, str], None],
        began: float,
    ) -> None:
        self._ask = ask
        self._load = load
        self._processors = processors
        self._first_request = first_request
        self._tell = tell
        self._began = began
        self.outcome = Outcome()

    def run(self, candidates: list[Candidate], versus: list[str]) -> Outcome:
        """Measures until everything is known or time is up, or Ctrl-C: then what is known is given."""
        try:
            self._look_at_each(candidates, versus)
            self._again_by_turns()
        except KeyboardInterrupt:
            self.outcome.interrupted = True
        self.outcome.seconds = time.monotonic() - self._began
        return self.outcome

    # ---- the first look --------------------------------------------------------------------------------------

    def _look_at_each(self, candidates: list[Candidate], versus: list[str]) -> None:
        until = self._began + self._ask.seconds * FIRST_LOOK
        waiting = list(candidates)
        number = len(candidates) + len(versus)
        while waiting or versus:
            if not waiting:
                waiting, left_out = peers.chosen(versus, self._ask.application, self._threads_of_the_best())
                self.outcome.left_out += left_out
                number -= len(left_out)
                versus = []
                continue
            candidate = waiting.pop(0)
            left = number - len(self.outcome.measured)
            now = time.monotonic()
            if until - now < SHORTEST * 2:
                self.outcome.left_out.append((candidate.name, "time was up (--seconds)"))
                number -= 1
                continue
            self._look_at(candidate, now + (until - now) / left)

    def _look_at(self, candidate: Candidate, until: float) -> None:
        """Capacity, and the rate that is sustained."""
        measured = Measured(candidate)
        self.outcome.measured.append(measured)
        try:
            with self._serving(candidate) as served:
                self._warm_up(served, candidate)
                length = self._length(until, 1 + PROBES)
                self._say(candidate, "how much it can do")
                measured.closed.append(self._load.run(served, length))
                best = self._best_sustained()
                if measured.promise < best * OUT_OF_REACH:
                    measured.note = "not searched: its capacity is far below what another sustains"
                elif measured.capacity:
                    self._search(served, measured, until, PROBES)
        except (ServerError, LoadError) as error:
            measured.note = str(error)

    def _threads_of_the_best(self) -> int:
        best = max(self.outcome.measured, key=lambda one: one.sustained, default=None)
        return best.candidate.threads if best else 0

    def _best_sustained(self) -> float:
        """By one of Gearshift's engines."""
        own = (one.sustained for one in self.outcome.measured if one.candidate.server == GEARSHIFT)
        return max(own, default=0.0)

    # ---- the best again --------------------------------------------------------------------------------------

    def _again_by_turns(self) -> None:
        best = self._best_sustained()
        contenders = self._contenders(best)
        if not contenders:
            return
        self.outcome.common_rate = best * COMFORTABLE
        end = self._began + self._ask.seconds
        turns = [one for _ in range(AGAIN - 1) for one in contenders]
        while turns:
            now = time.monotonic()
            share = (end - now) / len(turns)
            if share < self._shortest_turn():
                if end - now < self._shortest_turn():
                    return
                turns = turns[: max(int((end - now) / self._shortest_turn()), 1)]
                share = (end - now) / len(turns)
            self._again(turns.pop(0), now + share)

    def _contenders(self, best: float) -> list[Measured]:
        """Engines that come near the best, and every peer that sustains anything."""
        sustaining = [one for one in self.outcome.measured if one.sustained]
        near = [
            one
            for one in sorted(sustaining, key=lambda one: -one.sustained)
            if one.candidate.server == GEARSHIFT and max(one.sustained, one.promise * NEAR) >= best * NEAR
        ]
        return near[:CONTENDERS] + [one for one in sustaining if one.candidate.server != GEARSHIFT]

    def _again(self, measured: Measured, until: float) -> None:
        """One more search from where the last one ended, and a run under the common load."""
        candidate = measured.candidate
        try:
            with self._serving(candidate) as served:
                self._warm_up(served, candidate)
                length = self._length(until, PROBES_AGAIN, self.outcome.common_rate)
                self._say(candidate, "under the same load as the others")
                measured.common.append(self._load.run(served, length, self.outcome.common_rate))
                self._search(served, measured, until, PROBES_AGAIN)
        except (ServerError, LoadError) as error:
            measured.note = str(error)

    def _shortest_turn(self) -> float:
        return WARM_UP + 2 * AROUND_A_RUN + 3 * (SHORTEST + AROUND_A_RUN)

    # ---- its parts -------------------------------------------------------------------------------------------

    def _serving(self, candidate: Candidate) -> Served:
        self._say(candidate, "starts")
        ask = self._ask
        processor = self._processors.server
        if candidate.server == GEARSHIFT:
            return Served(gearshift_command(ask.text, ask.interface, candidate.flags), processor)
        port = free_port()
        command = peers.command(candidate, ask.application, port)
        return Served(command, processor, f"http://127.0.0.1:{port}", self._first_request.target)

    def _warm_up(self, served: Served, candidate: Candidate) -> None:
        """Its caches are filled and its threads made before anything counts."""
        self._say(candidate, "warms up")
        self._load.run(served, WARM_UP)

    def _search(self, served: Served, measured: Measured, until: float, probes: int) -> None:
        search = RateSearch(measured.capacity, measured.sustained)
        try:
            doubted = 0.0
            for left in range(probes, 0, -1):
                rate = search.next_rate
                if rate is None or (left < probes and not self._has_time(until)):
                    break
                self._say(measured.candidate, f"{rate:,.0f} requests a second")
                sample = self._load.run(served, self._length(until, left, rate), rate)
                held = sample.holds(self._ask.target)
                if not held and sample.is_disturbed and doubted != rate and self._has_time(until):
                    doubted = rate  # it may have been another program's doing: the same once more
                    continue
                measured.probes.append(sample)
                search.learn(rate, held)
        finally:  # Ctrl-C: what the search has come to so far is kept
            if search.bracket != NOTHING_KNOWN:
                measured.brackets.append(search.bracket)

    def _has_time(self, until: float) -> bool:
        """For one more run."""
        return until - time.monotonic() >= SHORTEST + AROUND_A_RUN

    def _length(self, until: float, runs: int, rate: float = 0.0) -> float:
        """Of the next run, where so many are still to come by then, seconds."""
        share = (until - time.monotonic()) / runs - AROUND_A_RUN
        enough = LEAST_REQUESTS / rate if rate else 0.0
        left = self._began + self._ask.seconds - time.monotonic() - AROUND_A_RUN
        return max(SHORTEST, min(max(share, min(enough, LONGEST / 2)), LONGEST, left))

    def _say(self, candidate: Candidate, what: str) -> None:
        done = min((time.monotonic() - self._began) / self._ask.seconds, 1.0)
        self._tell(done, f"{candidate.name}: {what}")
