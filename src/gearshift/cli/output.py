"""What a command prints; a standard output that takes nothing is said in one line, not in a traceback."""

from __future__ import annotations

import os
import sys

from gearshift.errors import GearshiftError


class OutputError(GearshiftError):
    """Standard output can't be written to."""


def write(text: str) -> None:
    """Writes to standard output. Raises OutputError."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered would be tried again when the interpreter ends, and fail loudly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputError(f"standard output: {error.strerror}") from None
