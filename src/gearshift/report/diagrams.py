"""Pictures of what happens in time: messages between two sides, and what threads do at the same time."""

from __future__ import annotations

from typing import NamedTuple

from gearshift.report import drawing
from gearshift.report.words import Language, Words, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

ROW = 0.36  # inches that a step of a sequence takes


class Step(NamedTuple):
    """left, right: what each side does or is, "" for nothing. arrow: ">" from left to right, "<" back, "" none,
    "x>" and "<x" what is lost on its way. message: what travels.
    """

    left: Words
    arrow: str
    message: Words
    right: Words


class Exchange(NamedTuple):
    """Two sides and what goes between them, downwards in time."""

    title: Words
    left: Words
    right: Words
    steps: Sequence[Step]
    caption: Words

    def svg(self, language: Language) -> str:
        def draw(figure: Any) -> None:
            axes = figure.subplots()
            axes.set_axis_off()
            axes.set_xlim(0, 100)
            axes.set_ylim(len(self.steps) + 0.4, -1.3)
            axes.set_title(said(self.title, language))
            for x, name, side in ((36, self.left, "right"), (64, self.right, "left")):
                axes.plot([x, x], [-0.6, len(self.steps) - 0.2], color=drawing.colour("soft"), linewidth=1.4)
                axes.text(
                    x, -0.85, said(name, language), ha=side, va="center", fontweight="bold", fontsize=11.5
                )
            for number, step in enumerate(self.steps):
                _step(axes, number, step, language)

        return drawing.svg(draw, height=1.1 + ROW * len(self.steps), label=said(self.title, language))


def _step(axes: Any, y: int, step: Step, language: Language) -> None:
    axes.text(34.5, y, said(step.left, language), ha="right", va="center", fontsize=10)
    axes.text(65.5, y, said(step.right, language), ha="left", va="center", fontsize=10)
    if not step.arrow:
        return
    rightwards, lost = ">" in step.arrow, "x" in step.arrow
    begin, end = (36.6, 63.4) if rightwards else (63.4, 36.6)
    tone = drawing.colour("bad" if lost else "one" if rightwards else "two")
    if lost:
        end = 50 + (4 if rightwards else -4)
        axes.text(
            end,
            y,
            "\N{MULTIPLICATION SIGN}",
            ha="center",
            va="center",
            color=tone,
            fontsize=15,
            fontweight="bold",
        )
    axes.annotate(
        "",
        xy=(end, y),
        xytext=(begin, y),
        arrowprops={
            "arrowstyle": "-" if lost else "-|>",
            "color": tone,
            "linewidth": 1.6,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    axes.text(50, y - 0.13, said(step.message, language), ha="center", va="bottom", fontsize=9.5, color=tone)


class Span(NamedTuple):
    """What a lane does from `begin` to `end`: kind is one of the timeline's kinds."""

    lane: int
    begin: float
    end: float
    kind: int


class Timeline(NamedTuple):
    """Lanes below each other, each with what it does when. kinds: what the colours mean."""

    title: Words
    x_label: Words
    lanes: Sequence[Words]
    kinds: Sequence[Words]
    spans: Sequence[Span]
    caption: Words

    def svg(self, language: Language) -> str:
        def draw(figure: Any) -> None:
            from matplotlib.patches import Patch

            axes = figure.subplots()
            for span in self.spans:
                axes.barh(
                    span.lane,
                    span.end - span.begin,
                    left=span.begin,
                    height=0.6,
                    color=drawing.series(span.kind),
                    linewidth=0,
                )
            axes.set_yticks(range(len(self.lanes)), [said(lane, language) for lane in self.lanes])
            axes.set_ylim(len(self.lanes) - 0.4, -0.6)
            axes.set_xlim(left=0)
            axes.grid(visible=False, axis="y")
            axes.set_xlabel(said(self.x_label, language))
            axes.set_title(said(self.title, language))
            used = sorted({span.kind for span in self.spans})
            handles = [
                Patch(color=drawing.series(kind), label=said(self.kinds[kind], language)) for kind in used
            ]
            figure.legend(
                handles=handles, loc="outside lower center", ncols=min(len(handles), 4), frameon=False
            )

        return drawing.svg(draw, height=1.5 + 0.42 * len(self.lanes), label=said(self.title, language))
