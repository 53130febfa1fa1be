"""The server under `--reload`, a process of its own: it serves the application, or a page that says why it can't.

Its one argument is what reloading.py says of it, in JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

from gearshift.development.failure import failure_of, failure_said
from gearshift.development.failure_page import FailurePage
from gearshift.errors import GearshiftError, ListenError
from gearshift.server import Serving
from gearshift.settings import Settings, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from gearshift.development.failure import Failure

PR_SET_PDEATHSIG = 1  # prctl(2)
CANT_GO_ON = 2
# The page is to be had whatever is wrong with the application or what was to be served beside it.
OF_THE_PAGE = {"interface": "wsgi", "status": "", "traces": False, "engine": "thread", "control": ""}


class ChildServing(Serving):
    """Hears of Ctrl-C from its parent: the terminal sends it to both, and twice would be "at once"."""

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            super()._on_signal(number, frame)


def main(told: str) -> int:
    """Serves until SIGTERM; the exit code."""
    end_with(os.getppid())
    said = json.loads(told)
    settings = resolve(said["flags"], os.environ, os.curdir)
    settings = settings.changed("--reload", timeout_drain=said["drain"], drain_delay=0.0)
    folder = os.getcwd()  # noqa: PTH109
    sys.path[:] = [folder, *(entry for entry in sys.path if entry not in ("", folder))]
    spare = spared(settings)
    try:
        if said["failure"]:
            return serve_failure(spare, failure_said(settings.app, said["failure"]))
        return ChildServing(settings, settings.app).run_until_signal(announce=True)
    except ListenError as error:
        sys.stderr.write(f"gearshift: {error}\n")
        return CANT_GO_ON
    except GearshiftError as error:
        return serve_failure(spare, failure_of(settings.app, error))


def end_with(parent: int) -> None:
    """Ends this process when its parent is killed: nobody would start it anew, and it would keep the port."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def spared(settings: Settings) -> Settings:
    """With descriptors of its own for the same sockets: a server that can't start up closes those it was given."""
    bind = tuple(f"fd:{os.dup(int(text.removeprefix('fd:')))}" for text in settings.bind)
    return settings.changed("--reload", bind=bind, **OF_THE_PAGE)


def serve_failure(settings: Settings, failure: Failure) -> int:
    """Serves the page until a file is changed."""
    serving = ChildServing(settings, FailurePage(failure))
    serving.error_log.error(f"{failure.what}; its address says so too, until it is mended", failure.trace)
    return serving.run_until_signal(announce=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
