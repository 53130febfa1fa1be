"""How many descriptors this process may open, and whether they are enough.

The limit is told, never raised: whoever runs the server has set it, and an application that calls select() cannot
use descriptors past 1023 (select(2)).
"""

from __future__ import annotations

import resource

# Beside connections: standard streams, listeners, pollers, logs, modules being read, files being sent.
SPARE_DESCRIPTORS = 64


class DescriptorLimits:
    """soft: the limit in force (`ulimit -n`). hard: how far this process may raise it itself."""

    __slots__ = ("hard", "soft")

    def __init__(self, soft: int, hard: int) -> None:
        self.soft = soft
        self.hard = hard


def descriptor_limits() -> DescriptorLimits:
    """RLIMIT_NOFILE. The kernel never lets it be infinite (it is bounded by fs.nr_open)."""
    return DescriptorLimits(*resource.getrlimit(resource.RLIMIT_NOFILE))


def descriptors_for(connections: int) -> int:
    """Descriptors that a server with that many connections open needs."""
    return connections + SPARE_DESCRIPTORS


def shortage_in_words(connections: int, limits: DescriptorLimits) -> str:
    """What to tell the user when `connections` cannot all be open at once; "" when they can."""
    needed = descriptors_for(connections)
    if limits.soft >= needed:
        return ""
    return (
        f"{connections} connections need {needed} descriptors, this process may open {limits.soft}"
        f" (hard limit {limits.hard}; ulimit -n, LimitNOFILE= of systemd)"
    )
