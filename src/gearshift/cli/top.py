"""`gearshift top`: a running server, live on this terminal."""

from __future__ import annotations

import sys

from gearshift.cli.asking import server_meant
from gearshift.cli.parser import INTERVAL
from gearshift.control.paths import path_for, running
from gearshift.errors import SettingError, WrongValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SHORTEST, LONGEST = 0.1, 3600.0  # seconds
DEFAULT_INTERVAL = 1.0


def run(flags: Mapping[str, object]) -> int:
    """Runs until a key ends it; the exit code. Raises GearshiftError."""
    interval = _interval(flags)
    servers = _servers(flags)
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise SettingError("top: found no terminal, expected one (gearshift status prints once)")
    try:
        import textual  # noqa: F401 - what it needs and `serve` doesn't
    except ModuleNotFoundError as error:
        raise SettingError(
            f"top: found no module {error.name}, expected it: pip install 'gearshift[top]'"
        ) from None
    from gearshift.top.app import TopApp

    program = TopApp(servers, interval)
    program.run()
    return program.return_code or 0


def _servers(flags: Mapping[str, object]) -> list[tuple[int, str]]:
    """Processes and control sockets of those that may be meant: the one named, or all of this user."""
    if "pid" not in flags and "control" not in flags:
        found = running()
        if len(found) > 1:
            return [(pid, path_for(pid)) for pid in found]
    return [(0, server_meant(flags))]


def _interval(flags: Mapping[str, object]) -> float:
    said = flags.get("interval")
    if said is None:
        return DEFAULT_INTERVAL
    try:
        seconds = float(str(said))
    except ValueError:
        seconds = 0.0
    if not SHORTEST <= seconds <= LONGEST:
        raise WrongValueError("--interval", repr(said), INTERVAL)
    return seconds
