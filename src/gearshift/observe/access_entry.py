"""One answered request, as the access log knows it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.connection import Connection
    from gearshift.http.response import Response


class AccessEntry:
    """One request and its answer.

    peer: the client's address text ("127.0.0.1:50000", "[::1]:50000", "" over a Unix socket).
    method, target: as sent, empty where no request could be read. protocol: "HTTP/1.0", "HTTP/1.1" or "HTTP/2.0".
    status: of the answer. body_bytes: of its body. referer, user_agent: header values, None if absent.
    wall_time: when the head was complete, seconds since the epoch.
    duration: seconds from the complete head to the last byte produced. application_seconds: of these, in the
    application.
    engine: which one served it. requests: carried by the connection so far, this one included.
    """

    __slots__ = (
        "application_seconds",
        "body_bytes",
        "duration",
        "engine",
        "method",
        "peer",
        "protocol",
        "referer",
        "requests",
        "status",
        "target",
        "user_agent",
        "wall_time",
    )

    def __init__(
        self,
        peer: str,
        method: bytes,
        target: bytes,
        protocol: str,
        status: int,
        body_bytes: int,
        referer: bytes | None,
        user_agent: bytes | None,
        wall_time: float,
        duration: float,
        application_seconds: float,
        engine: str,
        requests: int,
    ) -> None:
        self.peer = peer
        self.method = method
        self.target = target
        self.protocol = protocol
        self.status = status
        self.body_bytes = body_bytes
        self.referer = referer
        self.user_agent = user_agent
        self.wall_time = wall_time
        self.duration = duration
        self.application_seconds = application_seconds
        self.engine = engine
        self.requests = requests


def refused_entry(connection: Connection, response: Response) -> AccessEntry:
    """What was answered to bytes that were no request, or not in time."""
    return AccessEntry(
        connection.peer_address(),
        b"",
        b"",
        "HTTP/1.1",
        response.status,
        response.body_bytes,
        None,
        None,
        connection.driver.wall,
        0.0,
        0.0,
        connection.service.engine,
        connection.requests,
    )
