"""The report's pictures, each as SVG."""

from __future__ import annotations

from gearshift.bench.candidates import GEARSHIFT
from gearshift.bench.text import ranked
from gearshift.bench.words import microseconds, rate
from gearshift.report import drawing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.bench.measurement import Measured
    from gearshift.bench.session import Result

ROW = 0.42  # inches
# A share of the slowest requests for each percentile, so that the axis can be logarithmic.
PERCENTILES = (("p50", 0.5), ("p75", 0.25), ("p90", 0.1), ("p99", 0.01), ("p99_9", 0.001), ("p99_99", 0.0001))
MARKERS = "osD^vPXd<>"  # told apart without colours too
LOWEST_SHOWN = 0.01  # ms, on a logarithmic axis


def sustained(result: Result) -> str:
    """A bar for each candidate: what it sustains, its range, and its full load."""
    shown = ranked([one for one in result.outcome.measured if one.runs])

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for place, one in enumerate(shown):
            tone = drawing.colour(_tone(one, result))
            axes.barh(place, one.sustained, height=0.6, color=tone)
            if one.sustained:
                axes.plot(
                    [one.lowest, one.highest], [place, place], color=drawing.colour("ink"), linewidth=1.6
                )
            axes.plot(
                [one.capacity], [place], marker="|", markersize=13, color=drawing.colour("soft"), alpha=0.7
            )
            words = rate(one.sustained) if one.brackets else "not searched"
            axes.annotate(
                words,
                (max(one.highest, one.capacity), place),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
            )
        _names(axes, shown)
        axes.set_xlim(0, max(max(one.highest, one.capacity) for one in shown) * 1.16 or 1)
        _thousands(axes.xaxis)
        axes.set_title(f"Requests a second within {result.ask.target:g} ms")

    return drawing.svg(draw, height=1.1 + ROW * len(shown), label="Requests a second that each sustains")


def latency_by_rate(result: Result) -> str:
    """The 99th percentile of every open loop."""
    shown = [one for one in ranked(result.outcome.measured) if one.probes or one.common]
    target = result.ask.target

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for number, one in enumerate(shown):
            for held in (True, False):
                runs = [
                    run for run in (*one.probes, *one.common) if run.latency and run.holds(target) is held
                ]
                axes.plot(
                    [run.offered for run in runs],
                    [max(run.latency["p99"], LOWEST_SHOWN) for run in runs],
                    color=drawing.series(number),
                    markerfacecolor=drawing.series(number) if held else "none",
                    linestyle="",
                    marker=MARKERS[number % len(MARKERS)],
                    markersize=8,
                )
            axes.plot(
                [],
                [],
                color=drawing.series(number),
                linestyle="",
                marker=MARKERS[number % len(MARKERS)],
                label=one.candidate.name,
            )
        axes.axhline(target, color=drawing.colour("bad"), linewidth=1.2, linestyle=":")
        axes.annotate(
            f"target {target:g} ms",
            (1.0, target),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 4),
            textcoords="offset points",
            ha="right",
            color=drawing.colour("bad"),
        )
        axes.set_yscale("log")
        _plain(axes.yaxis)
        _thousands(axes.xaxis)
        axes.set_xlabel("requests a second, offered")
        axes.set_ylabel("99th percentile, ms")
        axes.set_title("Latency by rate")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    return drawing.svg(draw, height=4.6, label="The 99th percentile of the latency by the rate offered")


def latency_by_percentile(result: Result) -> str:
    """The tails of those that were given the same load."""
    shown = [one for one in ranked(result.outcome.measured) if one.common]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for number, one in enumerate(shown):
            tails = one.tails
            points = [(share, tails[name]) for name, share in PERCENTILES if name in tails]
            axes.plot(
                [1 / share for share, _ in points],
                [max(value, LOWEST_SHOWN) for _, value in points],
                color=drawing.series(number),
                marker=MARKERS[number % len(MARKERS)],
                label=one.candidate.name,
            )
        axes.set_xscale("log")
        axes.set_xticks([1 / share for _, share in PERCENTILES], [_percent(name) for name, _ in PERCENTILES])
        axes.minorticks_off()
        axes.set_yscale("log")
        _plain(axes.yaxis)
        axes.set_xlabel("percentile")
        axes.set_ylabel("latency, ms")
        axes.set_title(f"Latency at {rate(result.outcome.common_rate)} requests a second")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    return drawing.svg(draw, label="Latency by percentile under the same load")


def costs(result: Result) -> str:
    """Four small pictures beside each other, with the same rows."""
    shown = ranked([one for one in result.outcome.measured if one.runs])
    columns: tuple[tuple[str, list[float | None], Callable[[float], str]], ...] = (
        ("CPU µs an answer", [one.cpu_microseconds for one in shown], microseconds),
        ("switches an answer", [one.switches for one in shown], "{:.2f}".format),
        ("threads", [float(one.threads) for one in shown], "{:,.0f}".format),
        (
            "memory, MiB",
            [None if one.memory is None else one.memory / 2**20 for one in shown],
            "{:,.0f}".format,
        ),
    )

    def draw(figure: Any) -> None:
        places = range(len(shown))
        for axes, (title, values, in_words) in zip(figure.subplots(1, 4, sharey=True), columns, strict=True):
            drawn = axes.barh(
                places,
                [value or 0.0 for value in values],
                height=0.6,
                color=[drawing.colour(_tone(one, result)) for one in shown],
            )
            labels = ["-" if value is None else in_words(value) for value in values]
            axes.bar_label(drawn, labels=labels, padding=3, fontsize=9.5)
            axes.set_xlim(0, (max(value or 0.0 for value in values) or 1.0) * 1.4)
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
            axes.grid(visible=False)
            axes.set_title(title, fontsize=11)
        _names(axes, shown)

    return drawing.svg(draw, height=0.8 + ROW * len(shown), label="What each costs")


def _tone(one: Measured, result: Result) -> str:
    """The chosen one, the other engines, the peers."""
    if one is result.verdict.choice:
        return "one"
    return "two" if one.candidate.server == GEARSHIFT else "three"


def _names(axes: Any, shown: list[Measured]) -> None:
    """The candidates down the side, the best on top."""
    axes.set_yticks(range(len(shown)), [one.candidate.name for one in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")


def _percent(name: str) -> str:
    return name.removeprefix("p").replace("_", ".") + " %"


def _thousands(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _plain(axis: Any) -> None:
    """0.1, 1, 10 instead of powers."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())
