"""A raw TCP handler: an object for each connection, told what comes, whose answers are bytes.

Its calls are exchanges: connected(), received() for what one read brought, eof(). A handler may also speak of its own
accord, from any thread: what it says is kept with the conversation, and its connection's engine is woken to send it.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_FromStringAndSize
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.conversation import Conversation, RawApplication, request_of
from cython.cimports.gearshift.exchange import Made, Service, Stage
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.http.protocol import Protocol
from cython.cimports.gearshift.http.response import Response
from cython.cimports.gearshift.kernel.system_calls import MSG_DONTWAIT, MSG_PEEK, recv
from cython.cimports.gearshift.raw.stream import Call

from gearshift.raw.farewell import tell_closed

HIGH_WATER = cython.declare(
    cython.longlong, 65536
)  # bytes unsent above which an iterable is not asked for more
CALLS = (b"connected", b"received", b"eof")
_END = cython.declare(object, object())


def is_awaitable(value: object) -> bool:
    """Whether it is what an `async def` gives, or anything else that can be awaited."""
    return hasattr(type(value), "__await__")


class StreamApplication:
    """What `--tcp` serves. most_unsent: bytes that may wait for a peer; what is said beyond them resets it."""

    def __init__(
        self,
        factory: object,
        name: str,
        asynchronous: cython.bint,
        error_log: object,
        most_unsent: cython.longlong = 4194304,
    ):
        RawApplication.__init__(self, factory, name, asynchronous, error_log)
        self.greets = not isinstance(factory, type) or hasattr(factory, "connected")
        self.hears_the_end = not isinstance(factory, type) or hasattr(factory, "eof")
        self.most_unsent = most_unsent
        self.labels = tuple([request_of(call, name.encode()) for call in CALLS])

    def converse(self, channel: Channel, service: Service):
        conversation: StreamConversation = StreamConversation()
        conversation.application = self
        conversation.channel = channel
        conversation.service = service
        conversation.pieces = []
        conversation.greeted = not self.greets
        return conversation


class StreamConversation:
    """A connection as its raw handler knows it. Every method may be called from any thread."""

    # ---- for the handler -----------------------------------------------------------------------------------

    def send(self, data: object) -> bool:
        """Sends bytes after all that was sent before, without waiting. False where the connection has ended, or ends
        because its peer takes too little.
        """
        take_floor()
        try:
            return self._say(data)
        finally:
            leave_floor()

    def _say(self, data: object):
        channel: Channel = self.channel
        if channel is None or self.over or self.overfull:
            return False
        if self.unsent > cython.cast(StreamApplication, self.application).most_unsent:
            self.overfull = self.said = True
            self.service.error_log.warning(
                f"connection {channel.number} from {channel.peer_address()} is reset: it has left"
                f" {self.unsent} bytes unread"
            )
        else:
            self.keep(data)
        if not self.busy:
            channel.driver.nudge(channel)
        return not self.overfull

    def close(self) -> None:
        """Ends the connection once everything that was said is sent; nothing more is received."""
        take_floor()
        try:
            self.over = self.said = True
            if self.channel is not None and not self.busy:
                self.channel.driver.nudge(self.channel)
        finally:
            leave_floor()

    @property
    def unsent(self):
        """Bytes that were said and that the socket has not taken yet."""
        take_floor()
        unsent: cython.longlong = self.held + (0 if self.channel is None else self.channel.unsent())
        leave_floor()
        return unsent

    @property
    def closed(self):
        """Whether it has ended."""
        return self.channel is None

    @property
    def peer(self):
        """The peer's address as text: "127.0.0.1:50000"; "" for a Unix socket."""
        take_floor()
        try:
            return self._peer if self.channel is None else self.channel.peer_address()
        finally:
            leave_floor()

    @property
    def number(self):
        """The connection's number in this server, from 1."""
        take_floor()
        number: cython.longlong = self._number if self.channel is None else self.channel.number
        leave_floor()
        return number

    def read(self):
        """What is known of it at this moment: a row of connections[] in docs/status-schema.md."""
        channel: Channel = self.channel
        if channel is None:
            raise ConnectionError("the connection is closed")
        return channel.read()

    def __getitem__(self, key):
        """One value of read()."""
        return self.read()[key]

    # ---- for the connection, in the thread that drives it ------------------------------------------------------

    def next(self, service: Service, ending: cython.bint):
        protocol: Protocol = self.channel.protocol
        size: cython.Py_ssize_t = protocol.end - protocol.position
        self.service = service
        if self.over or self.overfull:
            return None
        if not self.greeted:
            self.greeted = True
            return self._call(Call.CONNECTED, b"")
        if size > 0:
            data = PyBytes_FromStringAndSize(protocol.data + protocol.position, size)
            protocol.position = protocol.end
            return self._call(Call.RECEIVED, data)
        if not protocol.eof or ending:
            return None
        if self.eof_told or not cython.cast(StreamApplication, self.application).hears_the_end:
            self.over = True
            return None
        self.eof_told = True
        return self._call(Call.EOF, b"")

    def _call(self, kind: cython.int, data: bytes):
        channel: Channel = self.channel
        exchange: StreamExchange = StreamExchange()
        exchange.conversation = self
        exchange.kind = cython.cast(Call, kind)
        exchange.data = data
        exchange.channel = channel
        exchange.service = self.service
        exchange.request = cython.cast(StreamApplication, self.application).labels[kind]
        exchange.response = Response()
        exchange.began = channel.driver.now
        exchange.began_wall = channel.driver.wall
        exchange.processor = -1
        exchange.body_complete = True
        exchange.stage = Stage.READY
        return exchange

    def keep(self, data: object):
        """Bytes to be sent."""
        if type(data) is not bytes:
            if not isinstance(data, bytes | bytearray | memoryview):
                raise TypeError(f"a raw handler sends bytes, not {type(data).__name__}")
            data = bytes(data)
        self.held += len(data)
        self.pieces.append(data)
        self.said = True
        return 0

    def unread(self) -> cython.bint:
        byte: cython.char
        return recv(self.channel.fd, cython.address(byte), 1, MSG_PEEK | MSG_DONTWAIT) > 0

    def end(self):
        if self.ended:
            return 0
        self._peer = self.channel.peer_address()
        self._number = self.channel.number
        self.busy = True  # nothing that closed() says can be sent
        Conversation.end(self)
        self.busy = False
        self.pieces = []
        self.held = 0
        return 0

    def farewell(self):
        floor: cython.int = let_go()
        try:
            tell_closed(self)
        finally:
            take_again(floor)
        return 0


class StreamExchange:
    """One call of a handler, and what it says."""

    def call(self):
        conversation: StreamConversation = self.conversation
        conversation.busy = True
        floor: cython.int = let_go()
        try:
            conversation.made()
            if self.kind == Call.RECEIVED:
                result = conversation.handler.received(self.data)
            elif self.kind == Call.EOF:
                eof = conversation.method("eof")
                result = None if eof is None else eof()
            else:
                connected = conversation.method("connected")
                result = None if connected is None else connected(conversation)
        finally:
            take_again(floor)
            conversation.busy = False
        self.data = None
        if result is not None:
            self._take(result)
        return 0

    def _take(self, result: object):
        """What the handler returned."""
        if isinstance(result, bytes | bytearray | memoryview | str):
            self.conversation.keep(result)
        elif is_awaitable(result):
            self._await(result)
        else:
            self.rest = iter(result)
            self.last = self.conversation.over
        return 0

    def _await(self, call: object):
        if self.conversation.application.loop is None:
            if hasattr(call, "close"):
                call.close()
            raise TypeError("a handler returned an awaitable, expected a method declared async def")
        from gearshift.raw.asynchronous import begin

        self.pending = True
        begin(self.conversation.application, self, call, self.returned)
        return 0

    def returned(self, result: object, error: object) -> None:
        """An asynchronous handler has returned or raised; in the loop's thread."""
        take_floor()
        try:
            self._returned(result, error)
        finally:
            leave_floor()

    def _returned(self, result: object, error: object):
        channel: Channel = self.channel
        try:
            if error is None and result is not None:
                if is_awaitable(result):
                    raise TypeError("a raw handler's coroutine returned another awaitable")
                self._take(result)
        except Exception as wrong:
            error = wrong
        self.error = error
        self.pending = False
        if self.stage != Stage.OVER:
            channel.driver.nudge(channel)
        elif error is not None:
            self._tell(error)
        return 0

    def pull(self):
        try:
            return Made.DELIVERED if self.broken else self.produce()
        except BaseException as error:  # SystemExit too, as in run()
            self.fail(error)
        return Made.DELIVERED

    def produce(self):
        conversation: StreamConversation = self.conversation
        if self.error is not None:
            raise self.error
        if conversation.said:
            conversation.flush()
        if conversation.overfull:
            self.broken = True
            return Made.DELIVERED
        if self.channel.unsent() >= HIGH_WATER:
            return Made.MUST_LEAVE
        if self.pending:
            return Made.NOT_YET
        if self.rest is None or (conversation.over and not self.last):
            return Made.DELIVERED
        floor: cython.int = let_go()
        try:
            piece = next(self.rest, _END)
        finally:
            take_again(floor)
        if piece is _END:
            self.rest = None
        else:
            conversation.keep(piece)
        return Made.PIECE

    def fail(self, error: object):
        self.broken = True
        return self._tell(error)

    def _tell(self, error: object):
        self.service.error_log.exception(
            f"error in {self.name_of_request()}; connection {self.conversation.number}"
            f" from {self.conversation.peer or 'a Unix socket'} is reset",
            error,
        )
        return 0

    def shed(self):
        self.broken = True
        return 0

    def release(self):
        close = getattr(self.rest, "close", None)
        self.rest = None
        if close is not None:
            floor: cython.int = let_go()
            try:
                close()
            finally:
                take_again(floor)
        return 0

    def _log_access(self, log: object):
        """Requests stand in the access log; a call of a raw handler is none."""
