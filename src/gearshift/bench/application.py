"""What kind of application is meant, found out in a process of its own: importing it may start threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

from gearshift.apps.loader import Kind, load
from gearshift.bench.served import LONGEST_START, ServerError
from gearshift.errors import ApplicationLoadError, GearshiftError


class Application(NamedTuple):
    """kind: what it is. name: `module:attribute` where it has one, as other servers want it."""

    kind: Kind
    name: str


def look_at(text: str, interface: str) -> Application:
    """The application that the user means: as for `gearshift serve`. Raises ServerError."""
    command = [sys.executable, "-P", "-m", __name__, text, interface]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_START,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ServerError(f"{text}: not imported within {LONGEST_START:g} s") from None
    lines = (done.stderr if done.returncode else done.stdout).rstrip().splitlines() or ["it said nothing"]
    if done.returncode:
        raise ServerError(lines[-1].removeprefix("gearshift: "), "\n".join(lines[:-1]), done.returncode)
    kind, name = json.loads(lines[-1])  # the last line: an application may print while it is imported
    return Application(Kind(kind), name)


def main(text: str, interface: str) -> int:
    """Prints kind and name; the exit code."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as `serve` does
    try:
        found = load(text, interface)
    except GearshiftError as error:
        if isinstance(error, ApplicationLoadError):
            sys.stderr.write(error.traceback_text)
        sys.stderr.write(f"\n{error}\n")
        return error.exit_code
    print(f"\n{json.dumps([found.kind.value, found.name])}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
