"""Which engine and size to use, why, and how sure that is: from measurements to words, and nothing else.

What can't be told apart is called equal; among equals the one that costs less is taken, and among those that cost the
same the one that asks least of whoever runs it.
"""

from __future__ import annotations

from typing import NamedTuple

from gearshift.bench.candidates import DEFAULT_THREADS, GEARSHIFT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.bench.candidates import Candidate
    from gearshift.bench.measurement import Measured

RESOLUTION = 0.95  # of the best: the searches come no nearer than this
# CPU time for each answer beyond which a candidate costs more: of two quiet runs of one the dearer took 16 % more.
DEARER = 1.25
HEAVIER = 1.2  # memory likewise
HEAVIER_BYTES = 8 * 1024 * 1024  # but a few MiB are nothing
NEAR = 0.9  # of the best: what came out lower is not chosen, though it may be as good
MEASURED_AGAIN = 2  # searches: one alone has no spread
# Among equals: nothing to set at all, then one thread for everything, then few threads.
SIMPLEST = ("auto", "epoll", "pool", "uring", "thread")


class Verdict(NamedTuple):
    """choice: what to use, None where nothing sustains any rate. equals: those that could not be told from it.

    sure: "clear", "likely" (ranges overlap, or other programs disturbed it), "equal" (no clear difference to
    `equals`), "once" (it was measured once only) or "none".
    """

    choice: Measured | None
    equals: list[Measured]
    sure: str


def judge(measured: Sequence[Measured]) -> Verdict:
    """The verdict on Gearshift's engines; peers stand beside them and are never chosen."""
    own = [one for one in measured if one.candidate.server == GEARSHIFT and one.sustained > 0]
    if not own:
        return Verdict(None, [], "none")
    best = max(own, key=lambda one: one.sustained)
    level = [one for one in own if _can_be_as_good(one, best)]
    enough = min(len(best.brackets), MEASURED_AGAIN)
    compared = [one for one in level if len(one.brackets) >= enough]
    nearest = [one for one in compared if one.sustained >= best.sustained * NEAR or one.is_disturbed]
    choice = min(_cheapest(nearest), key=lambda one: _effort(one.candidate))
    equals = [one for one in level if one is not choice]
    if enough < MEASURED_AGAIN:
        return Verdict(choice, equals, "once")
    if equals:
        return Verdict(choice, equals, "equal")
    doubtful = choice.is_disturbed or any(one.highest >= choice.lowest for one in own if one is not choice)
    return Verdict(choice, equals, "likely" if doubtful else "clear")


def _can_be_as_good(one: Measured, best: Measured) -> bool:
    """Whether what one may sustain at most reaches what the best does at least, or they are as near as can be told."""
    return (
        one is best
        or one.sustained >= best.sustained * RESOLUTION
        or (one.highest >= best.lowest and one.highest >= best.sustained * RESOLUTION)
    )


def _cheapest(level: list[Measured]) -> list[Measured]:
    """Those that cost no more CPU time than the cheapest, and of these no more memory."""
    by_time = [one.cpu_microseconds for one in level if one.cpu_microseconds is not None]
    if by_time:
        level = [one for one in level if (one.cpu_microseconds or 0.0) <= min(by_time) * DEARER]
    by_memory = [one.memory for one in level if one.memory is not None]
    if by_memory:
        most = max(min(by_memory) * HEAVIER, min(by_memory) + HEAVIER_BYTES)
        level = [one for one in level if (one.memory or 0) <= most]
    return level


def _effort(candidate: Candidate) -> tuple[int, int, int]:
    """The less, the simpler: nothing to say at the start, a plain engine, few threads."""
    return (
        0 if candidate.is_default else 1,
        SIMPLEST.index(candidate.engine),
        candidate.threads or DEFAULT_THREADS,
    )
