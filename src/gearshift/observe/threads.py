"""Every thread of this process as the kernel and the interpreter see it at one moment."""

# pathlib would cost every start 6 ms.
# ruff: noqa: PTH123, PTH208
from __future__ import annotations

import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

TASKS = "/proc/self/task"

# The third field of /proc/PID/stat (proc_pid_stat(5)).
STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting for disk",
    "T": "stopped",
    "t": "stopped by a tracer",
    "Z": "ended",
    "X": "ended",
    "I": "idle",
    "P": "parked",
}


class ThreadState:
    """One thread.

    name: as in Python, or as in the kernel for a thread that Python did not start. native_id: as in ps -L.
    state: the kernel's, in words. cpu_seconds: user and system time. where: its Python function, or "".
    """

    __slots__ = ("cpu_seconds", "name", "native_id", "state", "where")

    def __init__(self, name: str, native_id: int, state: str, cpu_seconds: float, where: str) -> None:
        self.name = name
        self.native_id = native_id
        self.state = state
        self.cpu_seconds = cpu_seconds
        self.where = where

    def __str__(self) -> str:
        place = f", in {self.where}" if self.where else ""
        return f"thread {self.name} ({self.native_id}): {self.state}, {self.cpu_seconds:.2f} s of CPU{place}"


def thread_states(tasks: str = TASKS) -> list[ThreadState]:
    """All threads, oldest first. tasks: where the kernel lists them."""
    python_threads = {thread.native_id: thread for thread in threading.enumerate()}
    frames = sys._current_frames()
    found = []
    for native_id in sorted(int(task) for task in os.listdir(tasks)):
        try:
            with open(f"{tasks}/{native_id}/stat", encoding="utf-8", errors="backslashreplace") as file:
                kernel_name, state, cpu_seconds = parse_stat(file.read())
        except OSError:  # it has ended since it was listed
            continue
        thread = python_threads.get(native_id)
        frame = frames.get(thread.ident or 0) if thread is not None else None
        found.append(
            ThreadState(
                thread.name if thread is not None else kernel_name,
                native_id,
                state,
                cpu_seconds,
                _place(frame) if frame is not None else "",
            )
        )
    return found


def state_of(native_id: int, tasks: str = TASKS) -> str:
    """The kernel's word for what that thread does; "" where it has ended."""
    try:
        with open(f"{tasks}/{native_id}/stat", encoding="utf-8", errors="backslashreplace") as file:
            return parse_stat(file.read())[1]
    except OSError:
        return ""


def parse_stat(line: str) -> tuple[str, str, float]:
    """Name, state in words, and CPU seconds from a line of /proc/PID/task/TID/stat.

    The name stands in parentheses and may hold any character, also parentheses, so the last one ends it.
    """
    head, _, tail = line.rpartition(")")
    fields = tail.split()
    ticks = int(fields[11]) + int(fields[12])
    return head.partition("(")[2], STATES.get(fields[0], fields[0]), ticks / os.sysconf("SC_CLK_TCK")


def _place(frame: FrameType) -> str:
    """`package.module.Class.function (line 12)`."""
    module = frame.f_globals.get("__name__", "?")
    return f"{module}.{frame.f_code.co_qualname} (line {frame.f_lineno})"
