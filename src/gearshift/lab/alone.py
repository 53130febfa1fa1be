"""`python -m gearshift.lab.alone NAME`: one experiment in a process of its own, its outcome pickled to standard output.

So it may use up its descriptors, bind itself to a processor and count its own switches, and what it leaves behind is
seen when it has ended, and gone with it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

from gearshift.lab.catalogue import experiment
from gearshift.lab.experiment import Notebook, Outcome

SETTLING = 1.0  # seconds in which threads and descriptors that are being closed may go


def outcome_of(name: str) -> Outcome:
    """Runs it here, and looks at what it leaves: descriptors, threads, processes."""
    chosen = experiment(name)
    notebook = Notebook(chosen.claims)
    before = open_descriptors()
    began = time.monotonic()
    error = ""
    try:
        chosen.run(notebook)
        if notebook.unjudged():
            error = f"no verdict on {', '.join(notebook.unjudged())}"
    except Exception:
        error = traceback.format_exc()
    seconds = time.monotonic() - began
    return Outcome(
        name, notebook.in_order(), notebook.pictures, notebook.tables, seconds, left_behind(before), error
    )


def open_descriptors() -> dict[str, str]:
    """Each descriptor's number and what it leads to; the listing's own is gone when it is looked at."""
    found = {}
    for link in Path("/proc/self/fd").iterdir():
        try:
            found[link.name] = str(link.readlink())
        except FileNotFoundError:
            continue
    return found


def left_behind(before: dict[str, str]) -> list[str]:
    """What is there now and was not before, in words; a moment is given to what is just being closed."""
    deadline = time.monotonic() + SETTLING
    while (found := _left(before)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _left(before: dict[str, str]) -> list[str]:
    descriptors = [f"descriptor {fd} ({to})" for fd, to in open_descriptors().items() if before.get(fd) != to]
    threads = [
        f"thread {thread.name}" for thread in threading.enumerate() if thread is not threading.main_thread()
    ]
    return descriptors + threads + [f"process {pid}" for pid in children()]


def children() -> list[int]:
    """The processes that this one has made and that are still there, ended ones that nobody has waited for too."""
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += map(int, (task / "children").read_text().split())
        except FileNotFoundError:  # the thread has ended, or the kernel doesn't tell (CONFIG_PROC_CHILDREN)
            continue
    return found


def main(name: str) -> None:
    """What is printed meanwhile goes to standard error: standard output is the outcome's."""
    signal.pthread_sigmask(
        signal.SIG_UNBLOCK, {signal.SIGINT}
    )  # as it was before running.py made this process
    out = os.dup(1)
    os.dup2(2, 1)
    outcome = outcome_of(name)
    with open(out, "wb") as file:  # noqa: PTH123 - a descriptor
        pickle.dump(outcome, file)


if __name__ == "__main__":
    main(sys.argv[1])
