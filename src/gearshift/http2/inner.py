"""The way of a stream into the engine: a pair of sockets, of which a connection of the engine's has one end."""

from __future__ import annotations

from contextlib import suppress
from socket import SHUT_WR

from gearshift.floor import FLOOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket

    from gearshift.connection import Connection
    from gearshift.http2.session import Session
    from gearshift.http2.stream import Stream


class Inner:
    """far: our end, which does not block. connection: the engine's. With the session's lock held, all of it.

    readable: something may be there to be read; epoll tells of it once (EPOLLET). hung_up: so may its end.
    served: requests that the connection had had when its present stream began. idle_since: monotonic seconds.
    """

    __slots__ = (
        "connection",
        "far",
        "fd",
        "hung_up",
        "idle_since",
        "readable",
        "served",
        "session",
        "stream",
    )

    def __init__(self, far: socket, connection: Connection, session: Session) -> None:
        self.far = far
        self.fd = far.fileno()
        self.connection = connection
        self.session = session
        self.stream: Stream | None = None
        self.readable = False
        self.hung_up = False
        self.served = 0
        self.idle_since = 0.0

    @property
    def rests(self) -> bool:
        """Whether the connection would begin a request at once: its handler's last close() may still run."""
        with FLOOR:
            return not self.hung_up and self.connection.exchange is None

    @property
    def never_began(self) -> bool:
        """Whether the request was closed upon unread, so that it may be sent again (RFC 9113 section 8.7)."""
        return self.connection.requests == self.served

    def end_request(self) -> None:
        """Nothing more comes from the peer, which may still be told something."""
        with suppress(OSError):
            self.far.shutdown(SHUT_WR)
