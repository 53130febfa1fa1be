"""The line between a supervisor and one of its processes: messages of JSON, each whole, in the order they were sent."""

from __future__ import annotations

import json
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST = 65536  # bytes of a message


class Line:
    """One end. It never waits; a message that can't be sent is lost, since then nobody is left to hear it."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.setblocking(False)

    def fileno(self) -> int:
        """-1 once it is closed."""
        return self._end.fileno()

    def send(self, **message: object) -> bool:
        """Whether it could be sent."""
        try:
            self._end.send(json.dumps(message).encode())
        except OSError:
            return False
        return True

    def receive(self) -> dict[str, Any] | None:
        """The next message; {} where none has come yet, None where the other end is closed."""
        try:
            data = self._received()
        except BlockingIOError:
            return {}
        except OSError:
            return None
        if not data:
            return None
        message: dict[str, Any] = json.loads(data)
        return message

    def _received(self) -> bytes:
        """Where the other end was closed without having read everything, the kernel says so first, and once; what it
        had sent before can be read all the same.
        """
        try:
            return self._end.recv(LARGEST)
        except ConnectionResetError:
            return self._end.recv(LARGEST)

    def close(self) -> None:
        """May be called again."""
        self._end.close()


def line() -> tuple[Line, Line]:
    """Both ends. SEQPACKET keeps messages apart, and tells when the other end has gone (unix(7))."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Line(here), Line(there)
