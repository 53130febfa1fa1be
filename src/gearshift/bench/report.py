"""The report: one page of HTML with the verdict, the pictures, the figures and how they were come by."""

from __future__ import annotations

from pathlib import Path

from gearshift.bench import plots
from gearshift.bench.candidates import GEARSHIFT
from gearshift.bench.peers import version
from gearshift.bench.session import machine
from gearshift.bench.text import (
    COSTS,
    RATES,
    all_remarks,
    costs_legend,
    costs_row,
    ranked,
    rates_legend,
    rates_row,
)
from gearshift.bench.words import microseconds, rate
from gearshift.errors import GearshiftError
from gearshift.report import page
from gearshift.report.page import Finding, Mark
from gearshift.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.bench.measurement import Sample
    from gearshift.bench.session import Result

MOST_PATHS = 12
SURE = {
    "clear": Mark("clear", "good"),
    "likely": Mark("likely", "warm"),
    "equal": Mark("no clear difference to others", "warm"),
    "once": Mark("measured once", "warm"),
    "none": Mark("nothing holds", "bad"),
}


class ReportError(GearshiftError):
    """The report can't be written."""


def write_report(result: Result, path: str) -> None:
    """Raises ReportError, MissingExtraError."""
    try:
        Path(path).write_text(html(result), encoding="utf-8")
    except OSError as error:
        raise ReportError(
            f"--report: {path}: {error.strerror}, expected a file that can be written"
        ) from None


def html(result: Result) -> str:
    """The whole page. Raises MissingExtraError."""
    ask = result.ask
    body = page.section("verdict", _verdict(result))
    if any(one.runs for one in result.outcome.measured):
        body += page.section("rates", _rates(result))
        body += page.section("tails", _tails(result))
        body += page.section("costs", _costs(result))
    body += page.section("method", _method(result))
    lead = f"`{ask.application.name}` on {machine()}: what each engine sustains, what it costs, and which one to take."
    foot = f"Written by gearshift bench {__version__}."
    return page.page("Which engine?", lead, body, foot=foot)


def _verdict(result: Result) -> str:
    told = result.told
    paragraphs = [(f"{told.headline}", "claim"), *((words, "") for words in told.why)]
    if told.sure:
        paragraphs.append((told.sure, ""))
    choice = result.verdict.choice
    inner = page.findings([Finding(SURE[result.verdict.sure], tuple(paragraphs))])
    if choice is not None and choice.candidate.flags:
        inner += page.preformatted(
            f"gearshift serve {result.ask.text} {choice.candidate.flags}".replace("  ", " ")
        )
    remarks = all_remarks(result)
    if remarks:
        inner += page.heading("To bear in mind")
        inner += "".join(page.paragraph(remark, "soft") for remark in remarks)
    return page.heading("What to use", 2) + inner


def _rates(result: Result) -> str:
    target = f"{result.ask.target:g} ms"
    inner = page.picture(
        plots.sustained(result),
        f"Requests a second with 99 of 100 answers within {target}. The bar is the median of the searches, the line"
        " spans from the worst to the most that may be; faint marks are the full load, where every connection asks"
        " again at once.",
    )
    shown = [one for one in ranked(result.outcome.measured) if one.runs]
    inner += page.table(RATES, [rates_row(one) for one in shown])
    inner += page.paragraph(rates_legend(result), "soft")
    return page.heading("What each sustains", 2) + inner


def _tails(result: Result) -> str:
    inner = page.picture(
        plots.latency_by_rate(result),
        "Every open loop that was run: the 99th percentile, from when a request was due, by the rate that was offered."
        " Full marks were sustained, hollow ones were not: too slow, or a queue grew.",
    )
    if result.outcome.common_rate:
        inner += page.picture(
            plots.latency_by_percentile(result),
            f"The best of them under the same load, {rate(result.outcome.common_rate)} requests a second: how long the"
            " slowest of so many requests took.",
        )
    return page.heading("How long requests take", 2) + inner


def _costs(result: Result) -> str:
    shown = [one for one in ranked(result.outcome.measured) if one.runs]
    inner = page.picture(
        plots.costs(result),
        "CPU time and context switches for each answer, threads and memory (proportional set size) of all the server's"
        " processes, at the most.",
    )
    inner += page.table(COSTS, [costs_row(one) for one in shown]) + page.paragraph(costs_legend(), "soft")
    return page.heading("What it costs", 2) + inner


def _method(result: Result) -> str:
    ask, outcome, processors = result.ask, result.outcome, result.processors
    apart = (
        f"processor {processors.server} has the server, processor {processors.client} the load"
        if processors.apart
        else "server and load share one"
    )
    sent = result.requests.commonest
    paths = ", ".join(f"`{request.line}`" for request in sent[:MOST_PATHS])
    more = f" and {len(sent) - MOST_PATHS} more" if len(sent) > MOST_PATHS else ""
    facts = {
        "application": f"`{ask.application.name}` ({ask.application.kind.value})",
        "requests": f"{paths}{more}",
        "target": f"99 of 100 answers within {ask.target:g} ms, 1 of 1,000 failed at most, and no queue grows",
        "connections": f"{result.connections}, kept alive",
        "processors": apart,
        "measured": f"{sum(len(one.runs) for one in outcome.measured)} runs in {outcome.seconds:.0f} s",
        "machine": machine(),
    }
    for name in dict.fromkeys(one.candidate.server for one in outcome.measured):
        if name != GEARSHIFT:
            facts[name] = version(name)
    inner = page.paragraph(
        "Each way to serve is a process of its own. A closed loop tells what it can do at most; then open loops look"
        " for the highest rate that is sustained. The best are measured again by turns, because machines drift."
    )
    inner += page.facts(facts)
    return page.heading("How it was measured", 2) + inner + page.details("Every run", _runs(result))


def _runs(result: Result) -> str:
    head = ("", "offered", "answered", "failed", "p50 ms", "p99 ms", "CPU µs", "within target")
    rows = [
        _run(one.candidate.name, sample, result.ask.target)
        for one in result.outcome.measured
        for sample in one.runs
    ]
    return page.table(head, rows)


def _run(name: str, sample: Sample, target: float) -> list[str | Mark]:
    held = Mark("yes", "good") if sample.holds(target) else Mark("no", "bad")
    cost = sample.cpu_microseconds
    return [
        name,
        f"{rate(sample.offered)}/s" if sample.offered else "-",
        f"{rate(sample.rate)}/s",
        f"{sample.failed:,}",
        *(f"{sample.latency[name]:,.3g}" if name in sample.latency else "-" for name in ("p50", "p99")),
        microseconds(cost) if cost is not None else "-",
        held if sample.offered else "-",
    ]
