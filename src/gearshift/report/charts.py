"""Pictures of figures: lines over a growing quantity, and bars beside each other."""

from __future__ import annotations

from typing import NamedTuple

from gearshift.report import drawing
from gearshift.report.words import Language, Words, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

MARKERS = "osD^vP"  # lines are told apart without colours too


class Lines(NamedTuple):
    """One line for each name: its points are pairs; log: "", "x", "y" or "xy" for logarithmic axes. caption: what is
    to be seen.
    """

    title: Words
    x_label: Words
    y_label: Words
    lines: Mapping[Words, Sequence[tuple[float, float]]]
    caption: Words
    log: str = ""

    def svg(self, language: Language) -> str:
        def draw(figure: Any) -> None:
            axes = figure.subplots()
            for number, (name, points) in enumerate(self.lines.items()):
                axes.plot(
                    [point[0] for point in points],
                    [point[1] for point in points],
                    marker=MARKERS[number % len(MARKERS)],
                    color=drawing.series(number),
                    label=said(name, language),
                )
            if "x" in self.log:
                axes.set_xscale("log")
                _plain_ticks(axes.xaxis)
            if "y" in self.log:
                axes.set_yscale("log")
                _plain_ticks(axes.yaxis)
            else:
                axes.set_ylim(bottom=0)
                _grouped_digits(axes.yaxis)
            axes.set_title(said(self.title, language))
            axes.set_xlabel(said(self.x_label, language))
            axes.set_ylabel(said(self.y_label, language))
            if len(self.lines) > 1:
                axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

        return drawing.svg(draw, label=said(self.title, language))


class Bars(NamedTuple):
    """Bars that lie, each with its name, its value and that value in words. log: over powers of ten."""

    title: Words
    unit: Words
    bars: Sequence[tuple[Words, float, str]]
    caption: Words
    log: bool = False

    def svg(self, language: Language) -> str:
        names = [said(name, language) for name, _, _ in self.bars]

        def draw(figure: Any) -> None:
            axes = figure.subplots()
            values = [value for _, value, _ in self.bars]
            drawn = axes.barh(
                range(len(values)),
                values,
                height=0.62,
                color=[drawing.series(number) for number in range(len(values))],
            )
            axes.bar_label(drawn, labels=[words for _, _, words in self.bars], padding=5, fontsize=10.5)
            axes.set_yticks(range(len(names)), names)
            axes.invert_yaxis()
            axes.grid(visible=False, axis="y")
            if self.log:
                axes.set_xscale("log")
                axes.set_xlim(
                    min(values) / 3, max(values) * 5
                )  # the least is seen too, and the longest has its words
                _plain_ticks(axes.xaxis)
            else:
                axes.set_xlim(0, max([*values, 1e-12]) * 1.18)
            axes.set_title(said(self.title, language))
            axes.set_xlabel(said(self.unit, language))

        return drawing.svg(draw, height=1.3 + 0.46 * len(self.bars), label=said(self.title, language))


def _grouped_digits(axis: Any) -> None:
    """125,000 instead of 125000."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _plain_ticks(axis: Any) -> None:
    """1,000 instead of 10^3, and none between the powers of ten."""
    from matplotlib.ticker import NullFormatter

    _grouped_digits(axis)
    axis.set_minor_formatter(NullFormatter())
