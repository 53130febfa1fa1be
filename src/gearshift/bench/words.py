"""The verdict in plain words, with its figures: what to use, why, how sure, and what to bear in mind."""

from __future__ import annotations

from statistics import fmean
from typing import NamedTuple

from gearshift.apps.loader import Kind
from gearshift.bench.candidates import GEARSHIFT
from gearshift.bench.measurement import DISTURBED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gearshift.bench.measurement import Measured
    from gearshift.bench.processors import Processors
    from gearshift.bench.run import Ask, Outcome
    from gearshift.bench.verdict import Verdict

BUSY = 0.85  # of a processor: it is what limits
FAR_APART = 1.15  # between rates: worth a sentence
MOST_NAMED = 4
ONE_THREAD = ("epoll", "uring")


class Told(NamedTuple):
    """headline: what to use. why, sure, notes: sentences."""

    headline: str
    why: list[str]
    sure: str
    notes: list[str]


def tell(verdict: Verdict, outcome: Outcome, ask: Ask, processors: Processors, connections: int) -> Told:
    """All of it in words. connections: of the load."""
    notes = [*_cautions(verdict, ask), *_circumstances(outcome, processors)]
    if verdict.choice is None:
        return Told(_nothing_holds(outcome, ask), _nearest(outcome, ask), "", notes)
    choice = verdict.choice
    headline = f"Use {choice.candidate.flags}" if choice.candidate.flags else f"Use {choice.candidate.name}"
    if choice.candidate.is_default:
        headline += ", the default: nothing needs to be set"
    why = [
        _what_it_does(choice, ask),
        *_beside_others(verdict, outcome),
        *_what_limits(choice, outcome.measured, ask, connections),
    ]
    return Told(headline + ".", why, _how_sure(verdict), [*notes, *_peers(choice, outcome)])


def rate(value: float) -> str:
    """Requests a second, to three digits: `5,930`, `98.4`."""
    if value >= 1000:
        digits = len(str(int(value))) - 3
        return f"{round(value, -digits):,.0f}"
    return f"{value:.3g}" if value < 999.5 else "1,000"


def microseconds(value: float) -> str:
    """To three digits: `5.47`, `1,240`."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def listed(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


# ---- why -------------------------------------------------------------------------------------------------------


def _what_it_does(choice: Measured, ask: Ask) -> str:
    cost = choice.cpu_microseconds
    costs = f", at {microseconds(cost)} µs of CPU time each" if cost is not None else ""
    return (
        f"{choice.candidate.in_words} answers {rate(choice.sustained)} requests a second with 99 of 100 answers within"
        f" {ask.target:g} ms{costs}."
    )


def _beside_others(verdict: Verdict, outcome: Outcome) -> list[str]:
    """What the other engines do: those that are level, and those that are behind."""
    choice = verdict.choice
    assert choice is not None
    own = [one for one in outcome.measured if one.candidate.server == GEARSHIFT and one is not choice]
    behind = sorted((one for one in own if one not in verdict.equals), key=lambda one: -_reach(one))
    sentences = []
    if verdict.equals:
        level = sorted(verdict.equals, key=lambda one: -one.sustained)[:MOST_NAMED]
        told = listed(f"{one.candidate.in_words} ({rate(one.sustained)})" for one in level)
        sentences.append(f"No clear difference to {told}; {_preference(choice, verdict.equals)}.")
    if behind:
        told = listed(f"{one.candidate.in_words} {_reached(one)}" for one in behind[:MOST_NAMED])
        sentences.append(f"Behind it: {told}.")
    return sentences


def _preference(choice: Measured, equals: Sequence[Measured]) -> str:
    """Why it was taken among those that are level."""
    reasons = []
    cost = choice.cpu_microseconds
    dearer = max((one.cpu_microseconds or 0.0 for one in equals), default=0.0)
    if cost and dearer > cost * FAR_APART:
        reasons.append(
            f"it needs less CPU time than the dearest of them ({microseconds(cost)} against {microseconds(dearer)} µs)"
        )
    if choice.candidate.is_default:
        reasons.append("it is the default")
    elif not any(one.candidate.is_default for one in equals) or not reasons:
        reasons.append("it is the simplest of those that cost least")
    return "taken because " + listed(reasons)


def _what_limits(choice: Measured, measured: Sequence[Measured], ask: Ask, connections: int) -> list[str]:
    """What keeps it from doing more, going by the processor and by what other numbers of threads have done."""
    sentences = []
    inline = next((one for one in measured if one.candidate.engine in ONE_THREAD and one.closed), None)
    overlap = inline is not None and choice.sustained > inline.capacity * FAR_APART
    if inline is not None and overlap and inline.waits and ask.application.kind is Kind.WSGI:
        sentences.append(
            f"Its handlers wait: {inline.candidate.in_words}, which runs them one after another, answers"
            f" {rate(inline.capacity)} a second with {inline.busy_share * 100:.0f} % of the processor; threads let"
            " waits overlap."
        )
    if any(sample.is_disturbed for sample in choice.closed):
        return sentences  # whether the processor limits can't be told where others have it too
    if choice.closed and choice.busy_share >= BUSY:
        sentences.append(
            f"The processor is what limits ({choice.busy_share * 100:.0f} % busy at full load): more threads can't"
            " help, more processes or quicker handlers can."
        )
    elif choice.waits and _threads_limit(choice, measured):
        sentences.append(
            f"Its threads are what limits (they use {choice.busy_share * 100:.0f} % of the processor at full load):"
            f" try more with --threads and --connections {connections * 4}."
        )
    return sentences


def _threads_limit(choice: Measured, measured: Sequence[Measured]) -> bool:
    """Whether no larger number of threads was tried."""
    return bool(choice.candidate.threads) and choice.candidate.threads == max(
        one.candidate.threads for one in measured
    )


def _reach(one: Measured) -> float:
    return one.sustained or one.capacity * 0.5


def _reached(one: Measured) -> str:
    if one.brackets and not one.sustained:
        return "at no rate"
    return rate(one.sustained) if one.sustained else f"{rate(one.capacity)} at full load"


# ---- where nothing holds ----------------------------------------------------------------------------------------


def _nothing_holds(outcome: Outcome, ask: Ask) -> str:
    if not any(one.runs for one in outcome.measured):
        return "Nothing was measured."
    return f"No engine keeps 99 of 100 answers within {ask.target:g} ms, at any rate that was tried."


def _nearest(outcome: Outcome, ask: Ask) -> list[str]:
    """The run that came nearest, and what stands in the way."""
    tried = [
        (one, sample) for one in outcome.measured for sample in one.probes or one.closed if sample.answered
    ]
    sentences = [
        f"{one.candidate.in_words}: {one.note}." for one in outcome.measured if one.note and not one.runs
    ]
    if tried:
        one, sample = min(tried, key=lambda pair: (pair[1].queue_grew, pair[1].latency["p99"]))
        grew = ", and a queue grew" if sample.queue_grew else ""
        sentences.append(
            f"Nearest came {one.candidate.in_words}: {rate(sample.rate)} a second with a 99th percentile of"
            f" {sample.latency['p99']:,.3g} ms and {sample.failed} of {sample.answered + sample.failed} failed{grew};"
            f" --target-ms sets another target."
        )
    return sentences


# ---- how sure ---------------------------------------------------------------------------------------------------


def _how_sure(verdict: Verdict) -> str:
    choice = verdict.choice
    assert choice is not None
    searches = len(choice.brackets)
    spread = f"between {rate(choice.lowest)} and {rate(choice.highest)}"
    if verdict.sure == "once":
        return f"Measured once only, {spread}: give it more --seconds to see how much it varies."
    told = f"Measured {searches} times, {spread} a second"
    if verdict.sure == "equal":
        return f"{told}; where ranges overlap or lie within 5 % of each other, one is as good as another."
    if verdict.sure == "likely":
        return f"{told}: it is likely the best; more --seconds, on a quiet machine, make it surer."
    return f"{told}; no other engine's range comes near: the difference is clear."


# ---- what to bear in mind ---------------------------------------------------------------------------------------


def _cautions(verdict: Verdict, ask: Ask) -> list[str]:
    if verdict.choice is None or ask.application.kind is not Kind.WSGI:
        return []
    if verdict.choice.candidate.engine in ONE_THREAD:
        return [
            "It runs handlers one after another: one that waits (none of those measured, perhaps) holds up everybody."
        ]
    return ["It calls the application from several threads at once, for which the application must be ready."]


def _circumstances(outcome: Outcome, processors: Processors) -> list[str]:
    """What makes the figures less than they should be."""
    notes = []
    samples = [sample for one in outcome.measured for sample in one.runs]
    if not processors.apart:
        notes.append("Server and load shared one processor: rates are lower than they would be apart.")
    full = {one.candidate.name for one in outcome.measured if any(run.client_is_full for run in one.closed)}
    if full and processors.apart:
        notes.append(
            f"The load was at its own limit with {listed(sorted(full)[:MOST_NAMED])}: they may do more than shown."
        )
    foreign = fmean(sample.foreign_share for sample in samples) if samples else 0.0
    if processors.apart and foreign > DISTURBED:
        notes.append(
            f"Other programs took {foreign * 100:.0f} % of the server's processor or of the load's: measure again when"
            " the machine is quiet."
        )
    if outcome.interrupted:
        notes.append(f"Interrupted after {outcome.seconds:.0f} s: this is what had been measured by then.")
    return notes


def _peers(choice: Measured, outcome: Outcome) -> list[str]:
    """One sentence for each of the other servers."""
    notes = []
    for one in outcome.measured:
        if one.candidate.server == GEARSHIFT or not one.runs:
            continue
        if not one.sustained:
            notes.append(f"{one.candidate.in_words}: {_reached(one)}.")
            continue
        ratio = choice.sustained / one.sustained
        name = f"{one.candidate.in_words} ({rate(one.sustained)})"
        if ratio >= FAR_APART:
            notes.append(f"{choice.candidate.in_words} answers {ratio:.2g} times as much as {name}.")
        elif ratio <= 1 / FAR_APART:
            notes.append(f"{name} answers {1 / ratio:.2g} times as much.")
        else:
            notes.append(f"No clear difference to {name}.")
    return notes
