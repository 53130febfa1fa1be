"""The listeners' queues, the descriptors and the host's counters, as status tells them: asked of the kernel alone.

No thread that serves is asked or held up: what is read are options of the listening sockets and files of /proc.
"""

from __future__ import annotations

from gearshift.kernel.host_counters import host_counters
from gearshift.kernel.listening import Listening, listening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from gearshift.listeners import Listener

UNKNOWN = Listening(None, None, None)


def listeners_seen(
    listeners: Sequence[Listener], half_open: Mapping[int, int | None]
) -> list[dict[str, Any]]:
    """Of each listener: where it is, and what waits there. null is what can't be known. half_open: by descriptors."""
    found = []
    for listener in listeners:
        fd = listener.fd  # -1 once it is closed
        found.append(listener_seen(listener, fd, queue_seen(fd), half_open.get(fd)))
    return found


def listener_seen(listener: Listener, fd: int, seen: Listening, half_open: int | None) -> dict[str, Any]:
    # A Unix socket doesn't tell its limit; it is known of one that was opened here.
    limit = listener.backlog_effective if seen.limit is None else seen.limit
    return {
        "address": listener.url,
        "fd": fd,
        "accept_queue": seen.accept_queue,
        "accept_queue_limit": limit,
        "drops": seen.drops,
        "syn_queue": half_open,
        "backlog_asked": None if listener.inherited else listener.backlog_asked,
        "backlog_clamped": limit,
    }


def queue_seen(fd: int) -> Listening:
    try:
        return listening(fd)
    except OSError:  # closed, or its number is another descriptor's by now
        return UNKNOWN


def host_seen() -> dict[str, int] | None:
    """Counted since the network namespace began, by the kernel's names."""
    found = host_counters()
    return None if found is None else found.counts
