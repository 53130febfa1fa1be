"""A bar on a terminal that tells how far a load is."""

from __future__ import annotations

import shutil

from gearshift.observe.quantities import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from gearshift.load.result import Showing

BAR = 24  # columns
CLEAR_LINE = "\r\x1b[K"


class ProgressBar:
    """terminal: what it is drawn on, in one line."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def show(self, showing: Showing) -> None:
        columns = shutil.get_terminal_size().columns - 1
        self._terminal.write(CLEAR_LINE + bar_text(showing)[:columns])
        self._terminal.flush()

    def clear(self) -> None:
        self._terminal.write(CLEAR_LINE)
        self._terminal.flush()


def bar_text(showing: Showing) -> str:
    """`[######----] 4.2s  91,234/s  p99 1.2ms  3 errors`"""
    full = round(BAR * min(max(showing.progress, 0.0), 1.0))
    phase = duration(showing.seconds) if showing.warm else "warming up"
    words = [f"[{'#' * full}{'-' * (BAR - full)}] {phase}", f"{showing.rate:,.0f}/s"]
    words.append(f"p99 {duration(showing.p99)}")
    if showing.errors:
        words.append(f"{showing.errors:,} errors")
    return "  ".join(words)
