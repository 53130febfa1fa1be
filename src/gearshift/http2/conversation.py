"""An HTTP/2 connection as its engine knows it: bytes that come go to a Session, what that says is sent.

Nothing of it is a call of a handler: no request waits, runs or is learnt of here. Each stream is carried to a
connection of its own (inner.py), and that is to the engines as if it had been accepted.

Who may touch what: the engine's thread that drives the connection calls next(), flush() and end(); the gateway's
thread calls say(), wake() and finish(). A Session is used by both, and has a lock; it calls say() with the lock held,
so frames stand in the order in which they were made.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.connection import Connection, Deadline, Phase
from cython.cimports.gearshift.conversation import RawApplication
from cython.cimports.gearshift.exchange import Service
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.http.protocol import Protocol
from cython.cimports.libc.string import memcpy

# What a client may have sent before its session has been made: its first flow-control window (RFC 9113 section 6.9.2),
# and heads.
MOST_EARLY = cython.declare(cython.longlong, 262144)


class Http2Application:
    """What speaks HTTP/2 on the connections of one server. gateway: a Gateway."""

    def __init__(self, gateway: object, error_log: object):
        RawApplication.__init__(self, None, "HTTP/2", False, error_log)
        self.gateway = gateway

    def converse(self, channel: Channel, service: Service):
        """None where it can't be: the gateway finds no descriptor."""
        channel.protocol.may_be_http2 = False
        conversation: Http2Conversation = Http2Conversation()
        conversation.application = self
        conversation.channel = channel
        conversation.service = service
        conversation.gateway = self.gateway
        conversation.pieces = []
        conversation.early = []
        try:
            self.gateway.welcome(conversation)
        except (OSError, RuntimeError) as error:
            self.error_log.warning(f"an HTTP/2 connection is refused: {error}")
            return None
        channel.protocol.hand_on()
        cython.cast(Connection, channel).phase = Phase.CONVERSING
        return conversation


class Http2Conversation:
    """One connection that carries streams."""

    # ---- for the session and the gateway ---------------------------------------------------------------------

    def say(self, data: bytes) -> None:
        """Frames to be sent after all that were said before. With the session's lock held."""
        take_floor()
        self.held += PyBytes_GET_SIZE(data)
        self.pieces.append(data)
        self.said = True
        leave_floor()

    def wake(self) -> None:
        """What was said is sent soon. From any thread."""
        take_floor()
        try:
            if self.channel is not None:
                self.channel.driver.nudge(self.channel)
        finally:
            leave_floor()

    def finish(self) -> None:
        """The connection ends once everything that was said is sent."""
        self.over = self.said = True

    def begin(self, session: object) -> object:
        """The gateway has made its session. What has come before that, to be heard first; None: it has ended."""
        take_floor()
        early: list = self.early
        self.early = []
        if not self.ended:
            self._session = session
        leave_floor()
        return None if self.ended else early

    @property
    def session(self) -> object:
        """What holds its streams; None before it is made, and once the connection has ended."""
        take_floor()
        session = self._session
        leave_floor()
        return session

    def carries(self, streams: cython.int) -> None:
        """So many streams are open."""
        self.streams = streams

    def begun(self) -> None:
        """One more request has come."""
        take_floor()
        if self.channel is not None:
            self.channel.requests += 1
        leave_floor()

    @property
    def unsent(self) -> int:
        """Bytes that were said and that the socket has not taken yet."""
        take_floor()
        unsent: cython.longlong = self.held + (0 if self.channel is None else self.channel.unsent())
        leave_floor()
        return unsent

    @property
    def draining(self) -> bool:
        """Whether the server is coming to its end, or has left this connection for another process."""
        take_floor()
        leaves: cython.bint = self.service.draining or (self.channel is not None and self.channel.last)
        leave_floor()
        return leaves

    def inner(self, fd: cython.int) -> object:
        """A connection for a stream, on that descriptor: its peer, listener and scheme are this connection's."""
        take_floor()
        try:
            return self._inner(fd)
        finally:
            leave_floor()

    def _inner(self, fd: cython.int):
        channel: Channel = self.channel
        if channel is None:
            raise ConnectionError("the connection is closed")
        connection: Connection = Connection(fd, self.service, channel.driver, channel.listener)
        connection.protocol.may_be_http2 = False
        connection.outer = channel
        connection.tls = None  # what comes here is plain already
        connection.phase = Phase.SERVING
        connection.deadline = Deadline.IDLE_UNTIL
        connection.family = channel.family
        memcpy(connection.peer, channel.peer, 28)
        connection._peer_host, connection._peer_port = channel._peer_host, channel._peer_port
        connection.via = channel.via
        connection.secured = channel.secured
        connection.standing = channel.standing
        return connection

    # ---- for the connection, in the thread that drives it ------------------------------------------------------

    def next(self, service: Service, ending: cython.bint):
        protocol: Protocol = self.channel.protocol
        size: cython.Py_ssize_t = protocol.end - protocol.position
        data: bytes = b""
        self.service = service
        if self.over or self.overfull:
            return
        if size > 0:
            data = PyBytes_FromStringAndSize(protocol.data + protocol.position, size)
            protocol.position = protocol.end
        self._heard(data)
        if protocol.eof:
            self.over = True  # nobody is left who could open a window: its streams are let go
        self.flush()
        return

    def _heard(self, data: bytes):
        if self._session is not None:
            session = self._session
            floor: cython.int = let_go()  # the gateway's thread may have its lock, and wait for the floor
            try:
                return session.receive(data)
            finally:
                take_again(floor)
        if data:
            self.early.append(data)
            self.early_size += PyBytes_GET_SIZE(data)
            self.overfull = self.early_size > MOST_EARLY
        return None

    def unread(self) -> cython.bint:
        """Draining ends it when its session says so, after the last stream."""
        return self._session is not None

    def end(self):
        if self.ended:
            return 0
        self.ended = self.over = True
        self.channel = None
        self.pieces = []
        self.held = 0
        floor: cython.int = let_go()  # as in _heard()
        try:
            self.gateway.lost(self)
        finally:
            take_again(floor)
        self._session = None  # which holds on to this in turn
        return 0
