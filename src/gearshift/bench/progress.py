"""A bar on a terminal: how much is done, and what is being done; nothing where nobody looks."""

from __future__ import annotations

import shutil
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

WIDTH = 24
ERASE = "\r\x1b[K"  # to the beginning of the line, and clear it


class Progress:
    """stream: where it is drawn, if that is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._seen = self._stream.isatty()

    def tell(self, share: float, what: str) -> None:
        """share: done, from 0 to 1."""
        if not self._seen:
            return
        full = round(share * WIDTH)
        line = f"{'━' * full}{'─' * (WIDTH - full)} {share * 100:3.0f} %  {what}"
        self._stream.write(ERASE + line[: shutil.get_terminal_size().columns - 1])
        self._stream.flush()

    def clear(self) -> None:
        """Nothing of it stays."""
        if self._seen:
            self._stream.write(ERASE)
            self._stream.flush()
