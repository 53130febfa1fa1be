"""A matplotlib figure made into SVG that stands in a page: its letters are the page's, its colours too.

Each colour is drawn as a number that no picture needs, and that number is then replaced by the page's name for it
(`var(--ink)`): so one picture is right in the light and in the dark. Text stays text (svg.fonttype "none"): it can be
searched and read aloud, and Chinese needs no font where the picture is drawn.
"""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager
from itertools import count

from gearshift.errors import MissingExtraError
from gearshift.report.style import SERIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

# "#0a0b01" is the first: such colours come from nothing else.
COLOURS = {
    name: f"#0a0b{number:02x}"
    for number, name in enumerate(
        ("ink", "soft", "line", "card", "accent", "good", "warm", "bad", *SERIES), 1
    )
}
DRAWN = re.compile(r"#0a0b([0-9a-f]{2})")
NAMES = list(COLOURS)
FONT = re.compile(r"'DejaVu Sans'[^;\"]*")
GLOBAL_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)  # would be the whole page's
IDENTITY = re.compile(r'(\bid="|"#|url\(#)(?=[\w-])')
SIZE = re.compile(
    r'<svg ([^>]*?)width="[^"]*"([^>]*?)height="[^"]*"|<svg ([^>]*?)height="[^"]*"([^>]*?)width="[^"]*"'
)
METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
numbers = count(1)


def missing() -> str:
    """What is missing to draw pictures, in one line that says what to do; "" where nothing is."""
    try:
        require("pictures")
    except MissingExtraError as error:
        return str(error)
    return ""


def require(what: str) -> None:
    """Raises MissingExtraError naming `what` where pictures can't be drawn."""
    try:
        import matplotlib  # noqa: F401 - what draws, and nobody else needs
    except ModuleNotFoundError as error:
        raise MissingExtraError(what, f"module {error.name}", "lab") from None


def colour(name: str) -> str:
    """One of the page's colours ("ink", "soft", "one", "good") as matplotlib takes it."""
    return COLOURS[name]


def series(number: int) -> str:
    """The colour of a picture's series, from 0."""
    return COLOURS[SERIES[number % len(SERIES)]]


def svg(draw: Callable[[Any], None], width: float = 8.6, height: float = 4.2, label: str = "") -> str:
    """What `draw` draws on a matplotlib Figure it is given, as SVG for a page.

    width, height: in inches of 72 pixels. label: what a screen reader says. Raises MissingExtraError.
    """
    require("pictures")
    from matplotlib.figure import Figure

    with _house_style():
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.patch.set_alpha(0.0)
        draw(figure)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return _for_a_page(out.getvalue(), label)


@contextmanager
def _house_style() -> Iterator[None]:
    import matplotlib

    settings: Any = {  # matplotlib's own type of it names every setting there is
        "svg.fonttype": "none",
        "font.family": ["DejaVu Sans"],  # which comes with matplotlib: only to measure with
        "font.size": 11,
        "axes.titlesize": 12.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": COLOURS["line"],
        "grid.linewidth": 0.8,
        "axes.edgecolor": COLOURS["line"],
        "axes.labelcolor": COLOURS["soft"],
        "axes.titlecolor": COLOURS["ink"],
        "text.color": COLOURS["ink"],
        "xtick.color": COLOURS["soft"],
        "ytick.color": COLOURS["soft"],
        "legend.frameon": False,
        "lines.linewidth": 2.2,
        "lines.markersize": 5.5,
        "axes.unicode_minus": False,
        "text.parse_math": False,  # a $ is a $
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # The font measures what the page's fonts will show; it has no Chinese.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        yield


def _for_a_page(drawn: str, label: str) -> str:
    """Without prologue and fixed size, with the page's colours and letters, and names that no other picture has."""
    from html import escape

    text = GLOBAL_STYLE.sub("", METADATA.sub("", drawn[drawn.index("<svg") :]))
    text = SIZE.sub(
        lambda found: "<svg " + " ".join(part.strip() for part in found.groups() if part), text, count=1
    )
    text = FONT.sub("var(--text)", text)
    text = DRAWN.sub(lambda found: f"var(--{NAMES[int(found[1], 16) - 1]})", text)
    prefix = f"p{next(numbers)}-"
    text = IDENTITY.sub(lambda found: found[1] + prefix, text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)
