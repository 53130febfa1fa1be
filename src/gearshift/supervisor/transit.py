"""The queue of connections between workers: see handing_over.py, which a supervisor does not import."""

from __future__ import annotations

import socket

FORMAT = 1  # of a connection as bytes: VERSION of engines/transfer.py
LARGEST = 262_144  # bytes that come with a connection: facts, and at most 128 KiB of a request's head
BUFFER = 4_194_304  # bytes of kernel memory for those on their way, clamped to net.core.wmem_max


class Transit:
    """Both ends. Connections go in at `entrance` and come out at `exit`."""

    def __init__(self, entrance: socket.socket, exit: socket.socket) -> None:
        self.entrance = entrance
        self.exit = exit
        for end in (entrance, exit):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)

    def close(self) -> None:
        """May be called again."""
        self.entrance.close()
        self.exit.close()


def transit() -> Transit:
    """A new one: messages are whole (SEQPACKET), each with one descriptor."""
    return Transit(*socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
