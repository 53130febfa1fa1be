"""Runs experiments, each in a process of its own that is ended when its time is up."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress

from gearshift.lab.experiment import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 60.0  # seconds that an experiment may take
LAST_LINES = 20  # of what it said when it broke


def run(name: str) -> Outcome:
    """Its outcome; one that broke or took too long has an error in it."""
    # Ctrl-C while the process is being made would leave it behind: it is heard when there is something to end.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # A session of its own, so that ending it ends whatever it has started too.
    process = subprocess.Popen(
        [sys.executable, "-m", "gearshift.lab.alone", name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        answer, said = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return _broken(name, f"it took longer than {LONGEST:g} s", LONGEST)
    finally:
        _end(process)
    if process.returncode != 0:
        lines = said.decode("utf-8", "replace").splitlines()[-LAST_LINES:]
        return _broken(name, "\n".join([f"its process ended with {process.returncode}", *lines]))
    outcome = pickle.loads(answer)  # our own process's
    assert isinstance(outcome, Outcome)
    return outcome


def _broken(name: str, error: str, seconds: float = 0.0) -> Outcome:
    return Outcome(name, (), (), (), seconds, (), error)


def _end(process: subprocess.Popen[Any]) -> None:
    """The process and all of its session that is still there."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
