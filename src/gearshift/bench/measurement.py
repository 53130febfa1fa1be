"""What one run of load has shown, and what all runs of one candidate have shown together."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean, median

from gearshift.bench.candidates import Candidate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_FAILED = 0.001  # share of the requests; more, and the rate is not sustained
MOST_UNSENT = 0.02  # share of what was due: more found every connection waiting, and a queue grows
NOT_BRACKETED = (
    1.1  # the rate above the highest that was tried may be sustained too: how far above, at a guess
)
DISTURBED = 0.1  # of the time on the server's processor, by other programs
IDLE = 0.6  # of a processor used, or less: something else is waited for
CLIENT_IS_FULL = 0.95  # of one processor


@dataclass(frozen=True, slots=True)
class Use:
    """What the server's processes used during one run.

    cpu_seconds: of user and system time. memory: proportional set size at its largest, bytes; None where the kernel
    doesn't tell. peak_memory: the largest resident set since the start, bytes. threads: most at once.
    waits, preemptions: voluntary and involuntary context switches. foreign_cpu_seconds: of other programs on its
    processor. elapsed: seconds of all this, somewhat longer than the load.
    """

    cpu_seconds: float
    memory: int | None
    peak_memory: int | None
    threads: int
    waits: int
    preemptions: int
    foreign_cpu_seconds: float
    elapsed: float

    @property
    def foreign_share(self) -> float:
        """Of the server's processor, what other programs took."""
        return min(self.foreign_cpu_seconds / self.elapsed, 1.0) if self.elapsed > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of load.

    offered: requests a second that were due; 0 in a closed loop, where each connection asks again when it is answered.
    seconds: in which requests were sent. rate: answers a second within these. answered: requests with an answer that is
    no 5xx, those that came later too. failed: errors and 5xx answers. unsent: due, with no connection free to the end.
    latency: milliseconds by percentile: "p50", "p99", "max" and so on; of an open loop from when a request was due;
    empty where nothing was answered.
    client_share: of one processor, what the client used. client_foreign_share: of the same, other programs.
    """

    offered: float
    seconds: float
    rate: float
    answered: int
    failed: int
    unsent: int
    latency: dict[str, float]
    use: Use
    client_share: float = 0.0
    client_foreign_share: float = 0.0

    @property
    def cpu_microseconds(self) -> float | None:
        """The server's, for each answer."""
        return self.use.cpu_seconds / self.answered * 1e6 if self.answered else None

    @property
    def switches(self) -> float | None:
        """Context switches for each answer."""
        return (self.use.waits + self.use.preemptions) / self.answered if self.answered else None

    @property
    def busy_share(self) -> float:
        """Of one processor, what the server used."""
        return min(self.use.cpu_seconds / self.seconds, 1.0) if self.seconds > 0 else 0.0

    @property
    def undisturbed_rate(self) -> float:
        """What the rate might have been, had nothing else run on the two processors."""
        whole = self.rate / max(1 - self.foreign_share, DISTURBED)
        cost = self.cpu_microseconds
        return max(self.rate, min(whole, 1e6 / cost)) if cost else whole

    @property
    def foreign_share(self) -> float:
        """What other programs took of the server's processor, or of the client's, whichever is more."""
        return max(self.use.foreign_share, self.client_foreign_share)

    @property
    def is_disturbed(self) -> bool:
        return self.foreign_share > DISTURBED

    @property
    def client_is_full(self) -> bool:
        return self.client_share >= CLIENT_IS_FULL

    def holds(self, target: float) -> bool:
        """Whether what was offered was sustained. target: of the 99th percentile, milliseconds."""
        asked = self.answered + self.failed
        return (
            self.answered > 0
            and self.latency["p99"] <= target
            and self.failed <= asked * MOST_FAILED
            and not self.queue_grew
        )

    @property
    def queue_grew(self) -> bool:
        """Whether much of what was due found no connection free."""
        return self.unsent > self.offered * self.seconds * MOST_UNSENT


@dataclass(frozen=True, slots=True)
class Bracket:
    """Where one search has come to: `low` was sustained (0: nothing was), `high` not (0: nothing was too much)."""

    low: float
    high: float

    @property
    def top(self) -> float:
        """What the highest sustained rate is at most, as far as the search can tell."""
        return self.high or self.low * NOT_BRACKETED


@dataclass(slots=True)
class Measured:
    """Everything known of one candidate.

    closed: closed loops, for its capacity. probes: open loops of the searches. brackets: one for each search.
    common: open loops at the rate that all of the best were given. note: why something is missing, "" where nothing is.
    """

    candidate: Candidate
    closed: list[Sample] = field(default_factory=list)
    probes: list[Sample] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    common: list[Sample] = field(default_factory=list)
    note: str = ""

    @property
    def capacity(self) -> float:
        """Answers a second of the closed loop; 0 where it was not run."""
        return median(sample.rate for sample in self.closed) if self.closed else 0.0

    @property
    def promise(self) -> float:
        """The capacity as it might be on a quiet machine: a reason to doubt, or to measure again, and nothing else."""
        return max((sample.undisturbed_rate for sample in self.closed), default=0.0)

    @property
    def sustained(self) -> float:
        """The highest rate within the target: the median of what each search has come to; 0 where none has."""
        return median(bracket.low for bracket in self.brackets) if self.brackets else 0.0

    @property
    def lowest(self) -> float:
        """What it sustained at least, in its worst search."""
        return min((bracket.low for bracket in self.brackets), default=0.0)

    @property
    def highest(self) -> float:
        """What it may sustain at most, by its best search; perhaps more where others took much of the processor."""
        most = max((bracket.top for bracket in self.brackets), default=0.0)
        return max(most, self.promise) if most and self.is_disturbed else most

    @property
    def is_disturbed(self) -> bool:
        """Whether other programs took much of the processors, over all of its runs."""
        return bool(self.runs) and fmean(sample.foreign_share for sample in self.runs) > DISTURBED

    @property
    def runs(self) -> list[Sample]:
        return [*self.closed, *self.probes, *self.common]

    @property
    def cpu_microseconds(self) -> float | None:
        """The server's CPU time for each answer, median of the runs under one load, or else of all."""
        return _median(sample.cpu_microseconds for sample in calm(self.common or self.runs))

    @property
    def switches(self) -> float | None:
        """Context switches for each answer, median likewise."""
        return _median(sample.switches for sample in calm(self.common or self.runs))

    @property
    def memory(self) -> int | None:
        """Bytes, at the most."""
        return max((sample.use.memory for sample in self.runs if sample.use.memory is not None), default=None)

    @property
    def peak_memory(self) -> int | None:
        found = (sample.use.peak_memory for sample in self.runs if sample.use.peak_memory is not None)
        return max(found, default=None)

    @property
    def threads(self) -> int:
        return max((sample.use.threads for sample in self.runs), default=0)

    @property
    def busy_share(self) -> float:
        """Of one processor, at capacity."""
        return median(sample.busy_share for sample in self.closed) if self.closed else 0.0

    @property
    def waits(self) -> bool:
        """Whether it had something else to wait for than the processor, of which others leave it half at least."""
        fair = (1 - sample.use.foreign_share / 2 for sample in self.closed)
        return bool(self.closed) and self.busy_share < median(fair) * IDLE

    @property
    def tails(self) -> dict[str, float]:
        """Milliseconds by percentile under the common load, or else at the highest rate that was sustained."""
        answered = [sample.latency for sample in calm(self.common) if sample.latency]
        if answered:
            return {name: median(latency[name] for latency in answered) for name in answered[0]}
        held = [sample for sample in self.probes if sample.offered <= self.sustained]
        return max(held, key=lambda sample: sample.offered).latency if held else {}


def calm(samples: list[Sample]) -> list[Sample]:
    """Those that no other program has disturbed, where there are any."""
    return [sample for sample in samples if not sample.is_disturbed] or samples


def _median(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return median(found) if found else None
