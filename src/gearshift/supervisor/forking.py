"""A child process that runs a function, and nothing of what its parent had in mind."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import contextmanager

from gearshift.errors import ApplicationLoadError, GearshiftError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from gearshift.supervisor.line import Line

MOST_TOLD = 20_000  # characters of a traceback, the last ones
ALL = signal.valid_signals()


def fork(run: Callable[[], int]) -> int:
    """The child's process number. It ends with what `run` returns, or with an error's exit code once that is told.

    The caller has no thread but this one: what another held in the moment of fork() would stay held in the child.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ALL)
    try:
        pid = os.fork()
    finally:
        if "pid" not in locals() or pid != 0:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if pid == 0:
        _live(run, before)
    return pid


def _live(run: Callable[[], int], mask: set[int]) -> None:
    """The child's whole life: it never returns into what the parent was doing."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, *SUPERVISORS):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        code = run()
        atexit._run_exitfuncs()
    except GearshiftError as error:
        code = error.exit_code
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


# What only a supervisor is told by.
SUPERVISORS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU)


@contextmanager
def telling_failures(line: Line) -> Iterator[None]:
    """In a child: what can't be done is told its parent, which has the words for it."""
    try:
        yield
    except GearshiftError as error:
        line.send(
            **{"is": "failed"},
            error=str(error),
            exit=error.exit_code,
            traceback=getattr(error, "traceback_text", "")[-MOST_TOLD:],
        )
        raise


def ending_in_words(status: int) -> str:
    """How a process has ended, as waitpid() tells it: "exit code 3", "SIGKILL"."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return signal.Signals(number).name
        except ValueError:
            return f"signal {number}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"


def first_failure(pid: int, failure: Mapping[str, Any] | None, how: str) -> GearshiftError:
    """Why nothing could be served. failure: what the worker has said, if it could. how: it has ended, in words."""
    if failure is None:
        return GearshiftError(f"worker {pid} ended before it served ({how})")
    if failure["traceback"]:
        return ApplicationLoadError(failure["error"], failure["traceback"])
    error = GearshiftError(failure["error"])
    error.exit_code = failure["exit"]
    return error
