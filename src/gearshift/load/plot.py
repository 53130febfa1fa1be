"""Draws latency by percentile, with matplotlib."""

from __future__ import annotations

import os
from math import log10
from pathlib import Path

from gearshift.errors import GearshiftError, MissingExtraError, WrongValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.load.histogram import Histogram
    from gearshift.load.result import Result

KINDS = (".svg", ".png")
SHARES = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
SIZE = (9.0, 5.0)  # inches


class PlotError(GearshiftError):
    """The picture can't be written."""


class Plot:
    """A picture that is to be: made before the load, so that what stands against it is known before the time is spent.

    path: of the file, whose ending says of which kind it is. Raises SettingError.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        if self._path.suffix not in KINDS:
            raise WrongValueError("--plot", repr(path), "a file that ends in .svg or .png")
        if not os.access(self._path.parent, os.W_OK):
            raise WrongValueError("--plot", repr(path), "a file in a folder that can be written to")
        try:
            import matplotlib  # noqa: F401 - what it needs and nothing else here does
        except ModuleNotFoundError as error:
            raise MissingExtraError("--plot", f"module {error.name}", "lab") from None

    def draw(self, result: Result) -> None:
        """Raises PlotError."""
        figure = figure_of(result)
        try:
            figure.savefig(self._path)
        except OSError as error:
            raise PlotError(f"--plot: {str(self._path)!r}: {error.strerror}") from None


def figure_of(result: Result) -> Any:
    """A matplotlib figure: the latency that each share of the answers does not exceed, nine by nine."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(
        *_curve(result.latency), label="from when the request was due" if result.options.rate else "latency"
    )
    if result.options.rate:
        axes.plot(*_curve(result.from_sent), label="from when it was sent", linestyle="--")
        axes.legend(loc="upper left")
    if result.latency.count:
        shown = [share for share in SHARES if _nines(share) <= _nines(_last_share(result.latency))]
        axes.set_xticks([_nines(share) for share in shown], [f"{share * 100:.10g} %" for share in shown])
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("share of the answers")
    axes.set_ylabel("milliseconds")
    axes.set_title(
        f"{result.options.target.url}: {result.requests_per_second:,.0f} answers a second,"
        f" {result.options.connections:,} connections",
        fontsize="medium",
    )
    axes.grid(alpha=0.3)
    return figure


def _curve(histogram: Histogram) -> tuple[list[float], list[float]]:
    """Places on the axis and milliseconds. The last slot is put where half an answer more would be."""
    last = _last_share(histogram)
    pairs = [(min(share, last), seconds * 1e3) for seconds, share in histogram.distribution()]
    return [_nines(share) for share, _ in pairs], [milliseconds for _, milliseconds in pairs]


def _last_share(histogram: Histogram) -> float:
    return 1 - 0.5 / max(histogram.count, 1)


def _nines(share: float) -> float:
    """0 at 0 %, 1 at 90 %, 2 at 99 %: the tail has as much room as the rest."""
    return -log10(1 - share)
