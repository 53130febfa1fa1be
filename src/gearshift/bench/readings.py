"""What a server's processes use, read from /proc: CPU time, memory, threads, context switches."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress

from gearshift.bench.measurement import Use
from gearshift.bench.processors import TICKS, busy_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Fields of /proc/PID/stat behind the name in parentheses, which may hold anything (proc_pid_stat(5)).
SESSION, USER_TIME, SYSTEM_TIME = 3, 11, 12
SWITCHES = re.compile(rb"^(voluntary|nonvoluntary)_ctxt_switches:\s+(\d+)", re.MULTILINE)
PROPORTIONAL = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def processes_of(session: int) -> list[int]:
    """Every process of that session: a server, and whatever it has started."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - called while load runs, so cheaply
        if name.isdigit():
            with suppress(OSError):
                if int(_stat(int(name))[SESSION]) == session:
                    found.append(int(name))
    return found


class Watch:
    """Looks at a server's processes while load runs.

    processes: theirs. processor: the one they have for themselves, None where they have none: who else runs there is
    then not looked at.
    """

    def __init__(self, processes: Sequence[int], processor: int | None) -> None:
        self._processes = processes
        self._processor = processor
        self._began = time.monotonic()
        self._cpu = cpu_seconds(processes)
        self._busy = self._busy_seconds()
        self._before = _switches(processes)
        self._after = dict(self._before)
        self._threads = len(self._before)
        self._memory: int | None = None

    def look(self) -> None:
        """Now and then: what threads have done that are gone at the end is known from the last look only."""
        found = _switches(self._processes)
        self._after.update(found)
        self._threads = max(self._threads, len(found))
        memory = _sum(self._processes, "smaps_rollup", PROPORTIONAL)
        if memory is not None:
            self._memory = max(self._memory or 0, memory)

    def end(self) -> Use:
        """What was used since the beginning."""
        self.look()
        cpu = cpu_seconds(self._processes) - self._cpu
        busy = self._busy_seconds()
        foreign = max(busy - self._busy - cpu, 0.0) if busy is not None and self._busy is not None else 0.0
        none = (0, 0)
        return Use(
            cpu,
            self._memory,
            _sum(self._processes, "status", PEAK),
            self._threads,
            sum(now[0] - self._before.get(thread, none)[0] for thread, now in self._after.items()),
            sum(now[1] - self._before.get(thread, none)[1] for thread, now in self._after.items()),
            foreign,
            time.monotonic() - self._began,
        )

    def _busy_seconds(self) -> float | None:
        return None if self._processor is None else busy_seconds(self._processor)


def cpu_seconds(processes: Sequence[int]) -> float:
    """User and system time so far, of threads that have ended too."""
    ticks = 0
    for process in processes:
        with suppress(OSError):
            fields = _stat(process)
            ticks += int(fields[USER_TIME]) + int(fields[SYSTEM_TIME])
    return ticks / TICKS


def _stat(process: int) -> list[bytes]:
    return _content(f"/proc/{process}/stat").rpartition(b")")[2].split()


def _switches(processes: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Voluntary and involuntary context switches of each thread."""
    found = {}
    for process in processes:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208
                with suppress(OSError):  # it has ended
                    told = dict(SWITCHES.findall(_content(f"/proc/{process}/task/{thread}/status")))
                    found[int(thread)] = (int(told[b"voluntary"]), int(told[b"nonvoluntary"]))
    return found


def _sum(processes: Sequence[int], name: str, pattern: re.Pattern[bytes]) -> int | None:
    """Bytes; None where no process tells."""
    total = None
    for process in processes:
        with suppress(OSError):
            found = pattern.search(_content(f"/proc/{process}/{name}"))
            if found:
                total = (total or 0) + int(found[1]) * 1024
    return total


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.read()
