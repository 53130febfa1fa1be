"""`gearshift serve` in a process of its own, `gearshift load` in another, and what the kernel says of the first."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import NamedTuple

from gearshift.lab.readings import memory, switches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

URL = re.compile(rb"http://[0-9.]+:[0-9]+")
STARTING = 20.0  # seconds that a server may take to say where it listens
BETWEEN_LOOKS = 0.06  # seconds
MOSTLY = 0.8
STEADY = 5  # looks, from the last on, at which a load of half a second surely runs


class Loaded(NamedTuple):
    """One load. per second: answers. p99: seconds. errors: by kind. threads, resident: the most while it ran, resident
    in bytes. cpu: seconds of processor, switches: context switches, each for a request.
    """

    per_second: float
    p99: float
    errors: dict[str, int]
    threads: int
    resident: int
    cpu: float
    switches: float


class LoadFailedError(Exception):
    """`gearshift load` ended otherwise than with a result; what it said is the message."""


def processors() -> tuple[set[int], set[int]]:
    """Those for the server and those for the load: one for the first where there are two or more."""
    usable = sorted(os.sched_getaffinity(0))
    return ({usable[0]}, set(usable[1:])) if len(usable) > 1 else (set(usable), set(usable))


@contextmanager
def serving(application: str, *flags: str) -> Iterator[tuple[int, str]]:
    """A server's process number and where it is reached; ended when the `with` block is left."""
    mine, _ = processors()
    process = subprocess.Popen(
        [sys.executable, "-m", "gearshift", "serve", application, "--bind", "127.0.0.1:0", *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: os.sched_setaffinity(0, mine),
    )
    try:
        yield process.pid, _address(process)
    finally:
        process.kill()
        process.communicate()


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    said, deadline = b"", time.monotonic() + STARTING
    while not (found := URL.search(said)):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not piece:
            raise LoadFailedError(
                f"gearshift serve does not serve: {said.decode('utf-8', 'replace').strip()}"
            )
        said += piece
    return found[0].decode()


def load(pid: int, url: str, connections: int, seconds: float) -> Loaded:
    """Loads the server with that process number. Raises LoadFailedError."""
    _, others = processors()
    command = [sys.executable, "-m", "gearshift", "load", url, "--json"]
    command += ["--connections", str(connections), "--seconds", f"{seconds:g}"]
    cpu = _cpu(pid)
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, others),
    )
    looks = _watch(process, pid)
    answer, said = process.communicate(timeout=seconds + STARTING)
    if process.returncode:
        raise LoadFailedError(said.decode("utf-8", "replace").strip())
    result = json.loads(answer)
    requests = max(result["requests"], 1)
    return Loaded(
        result["requests_per_second"],
        result["latency_ms"]["p99"] / 1000,
        {kind: count for kind, count in result["errors"].items() if count},
        max(len(look.switches) for look in looks),
        max(look.resident for look in looks),
        (_cpu(pid) - cpu) / requests,
        _switches_a_second(looks) / max(result["requests_per_second"], 1e-9),
    )


class Look(NamedTuple):
    """At a server that is loaded. at: seconds. switches: of each thread so far. resident: bytes."""

    at: float
    switches: dict[int, int]
    resident: int


def _watch(process: subprocess.Popen[bytes], pid: int) -> list[Look]:
    """Looks at the server until the load's process has ended; at least one."""
    looks = []
    while True:
        looks.append(Look(time.monotonic(), switches(pid), memory("VmRSS", pid)))
        try:
            process.wait(BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            continue
        return looks


def _switches_a_second(looks: Sequence[Look]) -> float:
    """Over the last looks at which nearly all threads were there: before, the load was just beginning; afterwards its
    connections end, and their threads with what they have counted.
    """
    most = max(len(look.switches) for look in looks)
    steady = [look for look in looks if len(look.switches) > most * MOSTLY]
    first, last = steady[max(0, len(steady) - STEADY)], steady[-1]
    if last is first:
        return 0.0
    counted = sum(
        count - first.switches[thread] for thread, count in last.switches.items() if thread in first.switches
    )
    return counted / (last.at - first.at)


def _cpu(pid: int) -> float:
    """Seconds that the process has been on processors: fields 14 and 15 of /proc/PID/stat (proc_pid_stat(5))."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def total_errors(loads: Sequence[Loaded]) -> int:
    return sum(sum(one.errors.values()) for one in loads)
