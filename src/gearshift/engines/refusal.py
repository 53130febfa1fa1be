"""The answer to a connection that can't be served: 503 at once, before anything is read from it."""

from __future__ import annotations

import contextlib
import socket

ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Server: gearshift\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 49\r\n"
    b"Retry-After: 1\r\n"
    b"Connection: close\r\n\r\n"
    b"this server has as many connections as it allows\n"
)


def refuse_connection(descriptor: int, answered: bool = True) -> None:
    """Sends the answer without waiting and closes; what the client has sent is read so that no reset follows. Not
    answered, where no HTTP is spoken, the connection only ends.
    """
    with socket.socket(fileno=descriptor) as refused, contextlib.suppress(OSError):
        if not answered:
            return
        refused.setblocking(False)
        refused.send(ANSWER)
        refused.shutdown(socket.SHUT_WR)
        refused.recv(65536)
