"""`gearshift serve`: serves until told to stop."""

from __future__ import annotations

import os
import sys

from gearshift.settings import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, object]) -> int:
    """Serves in the foreground; the exit code. Raises GearshiftError."""
    settings = resolve(flags, os.environ, os.curdir)
    folder = os.getcwd()  # noqa: PTH109 - pathlib costs 6 ms of every start
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if settings.workers:
        from gearshift.supervisor import supervise

        return supervise(settings, lambda: resolve(flags, os.environ, os.curdir))
    from gearshift.server import run_in_foreground

    return run_in_foreground(settings)
