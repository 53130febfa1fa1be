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


# TLS has no words for it before a handshake but an alert, internal_error (RFC 8446 section 6).
ALERT = b"\x15\x03\x03\x00\x02\x02\x50"


def refuse_connection(descriptor: int, listener: Listener) -> None:
    """Sends the answer without waiting and closes; what the client has sent is read so that no reset follows. Where no
    HTTP is spoken, the connection only ends.
    """
    with socket.socket(fileno=descriptor) as refused, contextlib.suppress(OSError):
        if listener.keyring is None and listener.handler is not None:
            return
        refused.setblocking(False)
        refused.send(ANSWER if listener.keyring is None else ALERT)
        refused.shutdown(socket.SHUT_WR)
        refused.recv(65536)
