"""How many processors there are for this process: those it may run on, and no more than its control group may use."""

# pathlib would cost every start 6 ms.
# ruff: noqa: PTH118, PTH120, PTH123
from __future__ import annotations

import os
from math import ceil

CGROUPS = "/sys/fs/cgroup"


def processors(root: str = CGROUPS, own: str = "/proc/self/cgroup") -> int:
    """At least 1. A quota of one processor and a half (cpu.max, cgroups(7)) counts as 2. root, own: for tests."""
    allowed = len(os.sched_getaffinity(0))
    quota = _quota(root, _group(own))
    return max(1, allowed if quota is None else min(allowed, ceil(quota)))


def _group(own: str) -> str:
    """The path of this process's group in the unified hierarchy; "/" where that can't be read."""
    try:
        with open(own, encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("0::"):
                    return line[3:].strip()
    except OSError:
        pass
    return "/"


def _quota(root: str, group: str) -> float | None:
    """The narrowest quota of the group and those above it, in processors; None where there is none."""
    found = None
    while True:
        try:
            with open(os.path.join(root, group.strip("/"), "cpu.max"), encoding="ascii") as file:
                limit, period = file.read().split()
            if limit != "max":
                quota = int(limit) / int(period)
                found = quota if found is None else min(found, quota)
        except (OSError, ValueError):
            pass  # the root group has no such file, and cgroups of version 1 have others
        if group in ("", "/"):
            return found
        group = os.path.dirname(group)
