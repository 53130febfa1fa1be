"""What a server has done since its start, and which requests and connections it turned away: one set for all engines.

Written by plain additions, with the floor (floor.py): compiled code does not let go of it between reading and
writing.
"""

import cython  # noqa: F401 - makes this a module of Cython's pure Python mode


class Counters:
    """Counts only rise."""

    def as_dict(self) -> dict:
        """Every count by its name."""
        return {
            "accepted": self.accepted,
            "requests": self.requests,
            "refused_connections": self.refused_connections,
            "evicted_connections": self.evicted_connections,
            "handed_over": self.handed_over,
            "shed_full": self.shed_full,
            "shed_overdue": self.shed_overdue,
            "abandoned": self.abandoned,
            "timed_out": self.timed_out,
            "unintroduced": self.unintroduced,
            "handshakes": self.handshakes,
            "handshakes_failed": self.handshakes_failed,
            "websockets": self.websockets,
            "websocket_messages_in": self.websocket_messages_in,
            "websocket_messages_out": self.websocket_messages_out,
        }
