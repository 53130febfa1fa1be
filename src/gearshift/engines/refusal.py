"""The answer to a connection that can't be served: 503 at once, before anything is read from it."""

from __future__ import annotations

import contextlib
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.listeners import Listener

ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Server: gearshift\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 49\r\n"
    b"Retry-After: 1\r\n"
    b"Connection: close\r\n\r\n"
    b"this server has as many connections as it allows\n"
)


def refuse_connection(descriptor: int, listener: Listener) -> None:
    """Sends the answer without waiting and closes; what the client has sent is read so that no reset follows. Where no
    HTTP is spoken there is no answer, and the connection ends.
    """
    with socket.socket(fileno=descriptor) as refused, contextlib.suppress(OSError):
        if listener.handler is not None:
            return
        refused.setblocking(False)
        refused.send(ANSWER)
        refused.shutdown(socket.SHUT_WR)
        refused.recv(65536)
