"""The command line: `gearshift serve`, `settings`, `shift`, `status`, `top`, `doctor`, `load`, `lab`, `bench`,
`migrate`."""

from __future__ import annotations

import sys

from gearshift.errors import ApplicationLoadError, GearshiftError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.cli.parser import Invocation

INTERRUPTED = 130  # what shells report for a program that SIGINT ended


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit code: 0, 1 for what failed, 2 for what was asked wrongly.

    argv: the arguments without the program's name; those of the process by default.
    """
    from gearshift.cli.parser import parse

    try:
        return _run(parse(sys.argv[1:] if argv is None else argv))
    except GearshiftError as error:
        return _say(error)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(invocation: Invocation) -> int:
    """Each command imports what it needs, no more."""
    from gearshift.cli.parser import Command

    match invocation.command:
        case Command.SERVE:
            from gearshift.cli import serve

            return serve.run(invocation.flags)
        case Command.SETTINGS:
            from gearshift.cli import settings

            return settings.run(invocation.flags)
        case Command.SHIFT:
            from gearshift.cli import shift

            return shift.run(invocation.flags)
        case Command.STATUS:
            from gearshift.cli import status

            return status.run(invocation.flags)
        case Command.TOP:
            from gearshift.cli import top

            return top.run(invocation.flags)
        case Command.DOCTOR:
            from gearshift.cli import doctor

            return doctor.run(invocation.flags)
        case Command.BENCH:
            from gearshift.cli import bench

            return bench.run(invocation.flags)
        case Command.LAB:
            from gearshift.cli import lab

            return lab.run(invocation.flags)
        case Command.MIGRATE:
            from gearshift.cli import migrate

            return migrate.run(invocation.flags)
        case Command.LOAD:
            from gearshift.cli import load

            return load.run(invocation.flags)
        case Command.VERSION:
            from gearshift.cli.output import write
            from gearshift.version import __version__

            write(f"gearshift {__version__}\n")
        case Command.HELP:
            from gearshift.cli.help import help_text
            from gearshift.cli.output import write

            write(help_text(invocation.topic))
    return 0


def _say(error: GearshiftError) -> int:
    """The error in one line, after the traceback if the application's code is to blame; the exit code."""
    from gearshift.observe.escaping import escape_text

    if isinstance(error, ApplicationLoadError):
        sys.stderr.write(error.traceback_text)
    sys.stderr.write(f"gearshift: {escape_text(str(error))}\n")
    return error.exit_code
