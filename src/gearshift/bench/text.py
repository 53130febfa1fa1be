"""The result for a terminal: what to use and why, and a table of everything that was measured."""

from __future__ import annotations

from textwrap import fill

from gearshift.bench.words import microseconds, rate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.bench.measurement import Measured
    from gearshift.bench.session import Result

WIDTH = 100
UNKNOWN = "-"
RATES = ("", "within target", "at least", "at most", "full load", "p50 ms", "p99 ms", "p99.9 ms")
COSTS = ("", "CPU µs", "switches", "threads", "MiB", "peak MiB")


def text(result: Result) -> str:
    """All of it, lines ended."""
    told, outcome = result.told, result.outcome
    blocks = [told.headline]
    for sentences in (told.why, [told.sure] if told.sure else []):
        blocks += [fill(sentence, WIDTH, break_on_hyphens=False) for sentence in sentences]
    lines = ["\n".join(blocks)]
    shown = [one for one in ranked(outcome.measured) if one.runs]
    if shown:
        lines.append(_table(RATES, [rates_row(one) for one in shown], rates_legend(result)))
        lines.append(_table(COSTS, [costs_row(one) for one in shown], costs_legend()))
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


def rates_row(one: Measured) -> tuple[str, ...]:
    """One candidate under the headings RATES."""
    tails = one.tails
    searched = (one.sustained, one.lowest, one.highest) if one.brackets else None
    return (
        one.candidate.name,
        *((rate(value) for value in searched) if searched else (UNKNOWN,) * 3),
        rate(one.capacity) if one.closed else UNKNOWN,
        *(f"{tails[name]:,.3g}" if name in tails else UNKNOWN for name in ("p50", "p99", "p99_9")),
    )


def costs_row(one: Measured) -> tuple[str, ...]:
    """One candidate under the headings COSTS."""
    return (
        one.candidate.name,
        microseconds(one.cpu_microseconds) if one.cpu_microseconds is not None else UNKNOWN,
        f"{one.switches:.2f}" if one.switches is not None else UNKNOWN,
        f"{one.threads}" if one.runs else UNKNOWN,
        _mebibytes(one.memory),
        _mebibytes(one.peak_memory),
    )


def rates_legend(result: Result) -> str:
    """What its columns are."""
    common = result.outcome.common_rate
    at = f"at {rate(common)} a second where measured again, else " if common else ""
    return (
        f"Requests a second; within target: 99 of 100 answers within {result.ask.target:g} ms, counted from when each"
        f" was due, median of the searches; full load: every connection asks again at once. Latencies {at}at the"
        " highest rate that held."
    )


def costs_legend() -> str:
    """What its columns are."""
    return (
        "CPU time and context switches for each answer; MiB: proportional set size (shared pages shared out) at the"
        " most; peak: resident set."
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], legend: str) -> str:
    return "\n".join(_aligned([headings, *rows])) + "\n" + fill(legend, WIDTH, break_on_hyphens=False)


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
