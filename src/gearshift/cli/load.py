"""`gearshift load`: measures a server by sending it requests."""

from __future__ import annotations

import json
import sys

from gearshift.cli.output import write
from gearshift.load.measure import measure
from gearshift.load.options import options_from
from gearshift.load.plot import Plot
from gearshift.load.progress import ProgressBar
from gearshift.load.report import in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, object]) -> int:
    """Loads and prints; the exit code: 1 where nothing was answered. Raises GearshiftError."""
    options = options_from(flags)
    plot = Plot(str(flags["plot"])) if "plot" in flags else None
    bar = ProgressBar(sys.stderr) if sys.stderr.isatty() else None
    try:
        result = measure(options, bar.show if bar is not None else None)
    finally:
        if bar is not None:
            bar.clear()
    write(json.dumps(result.as_dict()) + "\n" if "json" in flags else in_words(result))
    if plot is not None:
        plot.draw(result)
    return 0 if result.requests + result.answered_late else 1
