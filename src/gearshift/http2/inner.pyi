"""The typed face of inner.py."""

from socket import socket
from typing import final

from gearshift.connection import Connection
from gearshift.http2.session import Session
from gearshift.http2.stream import Stream

@final
class Inner:
    """The way of a stream into the engine."""

    stream: Stream | None
    readable: bool
    hung_up: bool
    served: int
    idle_since: float
    def __init__(self, far: socket, connection: Connection, session: Session) -> None: ...
    @property
    def far(self) -> socket: ...
    @property
    def fd(self) -> int: ...
    @property
    def connection(self) -> Connection: ...
    @property
    def session(self) -> Session: ...
