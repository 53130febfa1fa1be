"""`gearshift serve`: serves until told to stop."""

from __future__ import annotations

import os
import sys

from gearshift.settings import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gearshift.settings import Settings


def run(flags: Mapping[str, object]) -> int:
    """Serves in the foreground; the exit code. Raises GearshiftError."""
    if "GEARSHIFT_INHERITANCE_FD" in os.environ and "LISTEN_PID" in os.environ:
        # What systemd has passed to the program before this one is inherited from that.
        os.environ["LISTEN_PID"] = str(os.getpid())
    settings = _settings(flags)
    if settings.reload:
        from gearshift.development.reloading import run as run_reloading

        return run_reloading(flags, settings)
    folder = os.getcwd()  # noqa: PTH109 - pathlib costs 6 ms of every start
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if settings.workers:
        from gearshift.supervisor import supervise

        return supervise(settings, lambda: _settings(flags))
    from gearshift.server import run_in_foreground

    return run_in_foreground(settings)


def _settings(flags: Mapping[str, object]) -> Settings:
    """As they are said now, with descriptors in the place of what systemd has passed. Raises SettingError."""
    settings = resolve(flags, os.environ, os.curdir)
    if "LISTEN_PID" in os.environ or "systemd" in f"{settings.bind}{settings.tcp_bind}{settings.status}":
        from gearshift.systemd.activation import asked_for, taken

        if asked_for(settings, os.environ, os.getpid()):
            settings = taken(settings, os.environ, os.getpid())
    return settings
