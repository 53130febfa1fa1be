"""The result for a terminal: what to use and why, and a table of everything that was measured."""

from __future__ import annotations

from textwrap import fill

from gearshift.bench.words import microseconds, rate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.bench.measurement import Measured
    from gearshift.bench.run import Ask, Outcome
    from gearshift.bench.session import Result

WIDTH = 100
UNKNOWN = "-"
HEADINGS = (
    "",
    "within target",
    "range",
    "full load",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "CPU µs",
    "switches",
    "threads",
    "MiB",
    "peak MiB",
)


def text(result: Result) -> str:
    """All of it, lines ended."""
    told, outcome = result.told, result.outcome
    blocks = [told.headline]
    for sentences in (told.why, [told.sure] if told.sure else []):
        blocks += [fill(sentence, WIDTH, break_on_hyphens=False) for sentence in sentences]
    lines = ["\n".join(blocks)]
    rows = [row(one) for one in ranked(outcome.measured)]
    if rows:
        lines.append("\n".join(_aligned([HEADINGS, *rows])) + "\n" + fill(legend(outcome, result.ask), WIDTH))
    remarks = all_remarks(result)
    if remarks:
        lines.append("\n".join(_bullet(remark) for remark in remarks))
    return "\n\n".join(lines) + "\n"


def all_remarks(result: Result) -> list[str]:
    """What to bear in mind, and what is missing and why: a sentence each."""
    return [
        *result.told.notes,
        *(f"Requests {note}." for note in result.requests.notes),
        *(f"{one.candidate.name}: {one.note}." for one in result.outcome.measured if one.note),
        *(f"Not tried: {name}: {reason}." for name, reason in result.outcome.left_out),
    ]


def ranked(measured: Sequence[Measured]) -> list[Measured]:
    """The best first."""
    return sorted(measured, key=lambda one: (-one.sustained, -one.capacity))


def row(one: Measured) -> tuple[str, ...]:
    """One candidate under the headings."""
    tails = one.tails
    return (
        one.candidate.name,
        f"{rate(one.sustained)}/s" if one.sustained else ("none" if one.brackets else UNKNOWN),
        f"{rate(one.lowest)}-{rate(one.highest)}" if one.sustained else UNKNOWN,
        f"{rate(one.capacity)}/s" if one.closed else UNKNOWN,
        *(f"{tails[name]:,.3g}" if name in tails else UNKNOWN for name in ("p50", "p99", "p99_9")),
        microseconds(one.cpu_microseconds) if one.cpu_microseconds is not None else UNKNOWN,
        f"{one.switches:.2f}" if one.switches is not None else UNKNOWN,
        f"{one.threads}" if one.runs else UNKNOWN,
        _mebibytes(one.memory),
        _mebibytes(one.peak_memory),
    )


def legend(outcome: Outcome, ask: Ask) -> str:
    """What the columns are."""
    at = (
        f"at {rate(outcome.common_rate)} requests a second where measured again, else at the highest rate that held"
        if outcome.common_rate
        else "at the highest rate that held"
    )
    return (
        f"Within target: requests a second with 99 of 100 answers within {ask.target:g} ms, counted from when each was"
        f" due; full load: every connection asks again at once. Latencies, CPU time and context switches (each for one"
        f" answer) {at}; memory is proportional (shared pages shared out), peak is resident."
    )


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in rows
    ]


def _bullet(words: str) -> str:
    return fill(words, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def _mebibytes(count: int | None) -> str:
    return UNKNOWN if count is None else f"{count / 2**20:,.0f}"
