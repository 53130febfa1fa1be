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
    if "LISTEN_PID" in os.environ or "systemd" in f"{settings.bind}{settings.tcp_bind}{settings.status}":
        from gearshift.systemd.activation import asked_for, taken

        if asked_for(settings, os.environ, os.getpid()):
            settings = taken(settings, os.environ, os.getpid())
    if settings.reload:
        from gearshift.development.reloading import run as run_reloading

        return run_reloading(flags, settings)
    folder = os.getcwd()  # noqa: PTH109 - pathlib costs 6 ms of every start
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if settings.workers:
        from gearshift.supervisor import supervise

        return supervise(settings, lambda: resolve(flags, os.environ, os.curdir))
    from gearshift.server import run_in_foreground

    return run_in_foreground(settings)
