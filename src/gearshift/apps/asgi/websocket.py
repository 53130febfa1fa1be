"""A WebSocket of an ASGI application (ASGI 3, WebSocket spec 2.5): one exchange, from its handshake to its close.

To the engines it is a request whose body is all that comes after the head and whose answer is all that is sent. What
the peer sent is read and what the application said is framed when the engine pulls (produce), so a peer that reads
slowly holds the application back, and an application that takes no messages the peer. Several messages of one read
are answered with one send. A long message is compressed, or inflated, in steps, one each time that the engine pulls:
what was said after it is framed after it, and nothing is read meanwhile.
"""

from collections import deque

import cython
from cython.cimports.cpython.buffer import PyBUF_READ
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.cpython.memoryview import PyMemoryView_FromMemory
from cython.cimports.cpython.unicode import PyUnicode_AsUTF8AndSize
from cython.cimports.gearshift.apps.asgi.application import AsgiApplication
from cython.cimports.gearshift.apps.asgi.websocket import Line
from cython.cimports.gearshift.apps.asgi.websocket_call import Spoken
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.exchange import Made, Service, Stage
from cython.cimports.gearshift.floor import leave_floor, take_floor
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.protocol import Protocol
from cython.cimports.gearshift.http.request import Request
from cython.cimports.gearshift.http.response import reason_of
from cython.cimports.gearshift.websocket.frames import (
    Bit,
    Opcode,
    close_payload,
    write_frame,
)
from cython.cimports.gearshift.websocket.reader import Reader, Told

from gearshift.websocket.handshake import (
    HandshakeRefused,
    asks_for_websocket,
    check,
)

HIGH_WATER = cython.declare(
    cython.longlong, 65536
)  # bytes not yet taken by the peer; above it nothing is read
MOST_QUEUED = cython.declare(cython.longlong, 65536)  # of messages not yet taken; above it nothing is read
BESIDE_MESSAGE = cython.declare(cython.longlong, 64)  # bytes that a message takes beside its own
# RFC 6455 section 7.4.1.
GOING_AWAY = cython.declare(cython.int, 1001)
LOST = cython.declare(cython.int, 1006)
FAILED = cython.declare(cython.int, 1011)

TRANSITIONS = {
    Line.ASKED: (Line.OPEN, Line.CLOSED),
    Line.OPEN: (Line.CLOSING, Line.CLOSED),
    Line.CLOSING: (Line.CLOSED,),
    Line.CLOSED: (),
}
_allowed = cython.declare(cython.uint[4])
for _origin, _targets in TRANSITIONS.items():
    _allowed[cython.cast(cython.int, _origin)] = sum(1 << _target for _target in _targets)


def upgrade(application: AsgiApplication, channel: Channel, service: Service):
    """The exchange for a request that asks for a WebSocket; None for any other."""
    request: Request = channel.protocol.request
    # RFC 9110 section 7.8: in an HTTP/1.0 request the field is ignored.
    if request.minor == 0 or not asks_for_websocket(request):
        return None
    exchange: WebSocketExchange = WebSocketExchange()
    exchange.application = application
    exchange.terms = application.terms()
    exchange.compress_from = exchange.terms.compress_from
    exchange.receivers, exchange.senders = [], []
    exchange.pieces, exchange.outgoing, exchange.unframed = [], [], []
    exchange.last_told = Told.MORE
    exchange.incoming = deque()
    exchange.code = LOST
    exchange.reason = ""
    exchange.open(channel, service, False)
    try:
        check(request)
    except HandshakeRefused as refusal:
        exchange.refusal = refusal
    return exchange


class WebSocketExchange:
    """One WebSocket as the engine has it."""

    # ---- what is sent, in the engine's thread ------------------------------------------------------------------

    def produce(self):
        output: Output = self.channel.writer()
        before: cython.longlong = output.pending
        if self.line == Line.ASKED:
            made: Made = self._answer(output)
            if self.line == Line.ASKED:
                return made
            before = output.pending
        self.producing = True
        try:
            self._converse(output)
        finally:
            self.producing = False
        self.response.body_bytes += output.pending - before
        if self.line == Line.CLOSED:
            return Made.LAST
        return Made.MUST_LEAVE if output.pending > 0 and not self.channel.blocked_since > 0 else Made.NOT_YET

    def _answer(self, output: Output):
        """To the request: that it is accepted, or denied."""
        self.stirred = False
        if self.agreed is not None:
            self._accept(output)
            return Made.PIECE
        if self.error is not None:
            error = self.error
            self.error = None
            raise error
        if self.spoken == Spoken.SILENT:
            self._resume()
            return Made.NOT_YET
        return self._deny(output)

    def _accept(self, output: Output):
        self.continue_body()  # RFC 9110 section 7.8: where both are asked for, 100 comes before 101
        self.channel.protocol.upgrade()
        self.response.switch_protocols(output, self.channel.driver.date, self.agreed)
        self.head_written = self.upgraded = True
        self.heard = self.channel.driver.now
        self.service.counts.websockets += 1
        self.move(Line.OPEN)
        return 0

    def _deny(self, output: Output):
        """An HTTP answer, after which the connection ends: what comes behind the request is no request."""
        before: cython.longlong = output.pending
        whole: cython.bint = self.spoken == Spoken.FINISHED  # beside the loop more may be said meanwhile
        pieces: list = self.pieces
        if not self.head_written:
            if not whole and not pieces:
                return Made.NOT_YET
            self.response.close = True
            reason: bytes = reason_of(self.status)
            self.start(self.status, PyBytes_AS_STRING(reason), PyBytes_GET_SIZE(reason))
            self.write_fields(output, self.headers)
            self.finish_head(sum([len(piece) for piece in pieces]) if whole else -1)
        self.pieces = []
        for item in pieces:
            piece: bytes = item
            self.held -= PyBytes_GET_SIZE(piece)
            self.response.piece(output, piece, PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
        if whole:
            self.response.end(output)
            return Made.LAST
        if output.pending > before:
            return Made.PIECE
        self._resume()
        return Made.NOT_YET

    def _converse(self, output: Output):
        """What was said is framed and what has come is read; tasks that wait for either go on here, and what they say
        is framed with the rest.
        """
        self.goes_on = False
        while True:
            self.stirred = False
            self._write(output)
            self._keep(output)
            self._read(output)
            self._resume()
            if self.goes_on:
                self.stirred = True  # it is asked for already
                return self.channel.driver.wake(self.channel)
            if not self.stirred or self.line == Line.CLOSED:
                return 0

    def _write(self, output: Output):
        """Frames what was said, up to a message whose compression takes longer than one step."""
        at: cython.Py_ssize_t = 0
        outgoing: list = self.outgoing
        if self.deflation is not None:
            self._deflate(output)
            if self.deflation is not None:
                return 0
        if outgoing:
            self.outgoing = []
        if self.unframed:
            outgoing = self.unframed + outgoing
            self.unframed = []
        for message in outgoing:
            at += 1
            if type(message) is tuple:
                if self.line == Line.OPEN:
                    self._say_goodbye(output, message[0], message[1])
                    self._end(message[0], message[1].decode())
                continue
            self._write_message(output, message)
            if self.deflation is not None:
                self.unframed = outgoing[at:]
                return 0
        return 0

    def _write_message(self, output: Output, message: object):
        data: cython.p_const_char
        size: cython.Py_ssize_t = 0
        first: cython.int = Bit.FIN
        if type(message) is str:
            first |= Opcode.OP_TEXT
            data = PyUnicode_AsUTF8AndSize(message, cython.address(size))
        else:
            first |= Opcode.OP_BINARY
            data = PyBytes_AS_STRING(message)
            size = PyBytes_GET_SIZE(message)
        if self.deflate is None or size < self.compress_from or self.line != Line.OPEN:
            self.held -= size
            return self._write_frame(output, first, message, data, size)
        self.deflated = message
        self.deflated_size = size
        self.deflated_first = first | Bit.RSV1
        self.deflation = self.deflate.deflating(
            PyMemoryView_FromMemory(cython.cast(cython.p_char, data), size, PyBUF_READ)
        )
        return self._deflate(output)

    def _deflate(self, output: Output):
        """A step of the message that is being compressed, and its frame once it is whole."""
        done: bytes = self.deflation.step()
        if done is None:
            self.goes_on = True
            return 0
        self.deflation = self.deflated = None
        self.held -= self.deflated_size
        return self._write_frame(
            output, self.deflated_first, done, PyBytes_AS_STRING(done), PyBytes_GET_SIZE(done)
        )

    def _write_frame(
        self,
        output: Output,
        first: cython.int,
        message: object,
        data: cython.p_const_char,
        size: cython.Py_ssize_t,
    ):
        if self.line != Line.OPEN:
            return 0
        self.messages_out += 1
        self.service.counts.websocket_messages_out += 1
        return write_frame(output, first, message, data, size)

    def _say_goodbye(self, output: Output, code: cython.int, reason: bytes):
        payload = close_payload(code, reason)
        write_frame(
            output, Bit.FIN | Opcode.OP_CLOSE, payload, PyBytes_AS_STRING(payload), PyBytes_GET_SIZE(payload)
        )
        self.closing_since = self.channel.driver.now
        self.move(Line.CLOSING)
        return 0

    # ---- what has come -----------------------------------------------------------------------------------------

    def _read(self, output: Output):
        """As much as the application may be given and the peer takes answers to."""
        told: Told
        protocol: Protocol = self.channel.protocol
        if self.heard_bytes != self.channel.bytes_in:
            self.heard_bytes = self.channel.bytes_in
            self.heard = self.channel.driver.now
            self.pinged = 0
        while self.line == Line.OPEN or self.line == Line.CLOSING:
            if self.deflation is not None:
                return 0
            if self.last_told != Told.MORE:
                self._take(self.last_told, output)
                continue
            if self.queued >= MOST_QUEUED:
                self.held_back = True
                return 0
            if output.pending >= HIGH_WATER:
                return 0
            told = self.reader.take(
                cython.cast(cython.p_char, protocol.data + protocol.position),
                protocol.end - protocol.position,
            )
            protocol.position += self.reader.taken
            if told == Told.LATER:
                self.goes_on = True
                return 0
            if told == Told.MORE:
                if self.channel.tls is not None and self.channel.more():
                    continue
                break
            self._take(told, output)
        if protocol.eof and self.line != Line.CLOSED:
            self._end(LOST, "")
            self.move(Line.CLOSED)
        return 0

    def _take(self, told: Told, output: Output):
        reader: Reader = self.reader
        if told == Told.TEXT or told == Told.BINARY:
            self.messages_in += 1
            self.service.counts.websocket_messages_in += 1
            if self.line == Line.OPEN:
                self.incoming.append(reader.message)
                self.queued += len(reader.message) + BESIDE_MESSAGE
        elif told == Told.PING:
            if self.line == Line.OPEN:
                payload: bytes = reader.message
                write_frame(
                    output,
                    Bit.FIN | Opcode.OP_PONG,
                    payload,
                    PyBytes_AS_STRING(payload),
                    PyBytes_GET_SIZE(payload),
                )
        elif told != Told.PONG:
            if told == Told.BROKEN:
                self.body_complete = False  # more may come, and must not reset what is sent now
            self._resume()  # what came before it is answered first, where the application does so at once
            self._write(output)
            self.last_told = told
            if self.deflation is not None:
                return 0
            if self.line == Line.OPEN:
                words = reader.reason.encode() if told == Told.BROKEN else b""
                self._say_goodbye(output, reader.code, words)
            self._end(reader.code, reader.reason)
            self.move(Line.CLOSED)
        return 0

    def _keep(self, output: Output):
        """What the keeper has found."""
        if self.leaving and self.line == Line.OPEN and self.deflation is None:
            self._say_goodbye(output, GOING_AWAY, b"")
            self._end(GOING_AWAY, "")
        if self.given_up and self.line != Line.CLOSED:
            self.body_complete = False
            if self.line == Line.OPEN:
                self._say_goodbye(output, FAILED, b"no answer to a ping")
            self._end(LOST, "")
            self.move(Line.CLOSED)
        if self.ping_due and self.line == Line.OPEN:
            write_frame(output, Bit.FIN | Opcode.OP_PING, b"", b"", 0)
        self.ping_due = False
        return 0

    def _end(self, code: cython.int, reason: str):
        """The application is told so after the messages that have come."""
        if not self.over:
            self.code = code
            self.reason = reason
            self.over = True
        return 0

    def _resume(self):
        """Tasks that wait for a message or for room go on."""
        room: cython.bint = self.held + self.channel.unsent() < HIGH_WATER
        receives: cython.bint = len(self.receivers) > 0 and self.has_message()
        sends: cython.bint = len(self.senders) > 0 and (room or self.over)
        if not receives and not sends:
            return 0
        if self.beside:
            self.application.loop.call_soon_threadsafe(self._resume_beside)
            return 0
        if receives:
            self.resume_receivers(True)
        if sends:
            self.resume_senders(True)
        return 0

    def _resume_beside(self):
        """In the loop's thread."""
        take_floor()
        try:
            self.resume_receivers(True)
            self.resume_senders(True)
        finally:
            leave_floor()

    # ---- the keeper, in the loop's thread ----------------------------------------------------------------------

    def look(self, now: float) -> bool:
        """Asks for a ping, or gives the peer up, where it is time. Whether to look again."""
        take_floor()
        try:
            return self._look(now)
        finally:
            leave_floor()

    def _look(self, now: cython.double):
        if self.stage == Stage.OVER or self.line == Line.CLOSED:
            return False
        within: cython.double = self.terms.ping_within
        after: cython.double = self.terms.ping_after
        if self.line == Line.CLOSING:
            self.given_up = within > 0 and now - self.closing_since > within
        elif self.line == Line.OPEN and after > 0 and not self.held_back:
            if self.pinged > 0:
                self.given_up = within > 0 and now - self.pinged > within
            elif now - self.heard >= after:
                self.pinged = now
                self.ping_due = True
        if self.given_up or self.ping_due:
            self._changed()
        return True

    def go_away(self) -> None:
        """The server ends."""
        take_floor()
        try:
            self.leaving = True
            self._changed()
        finally:
            leave_floor()

    # ---- the end -----------------------------------------------------------------------------------------------

    def peer_is_lost(self):
        self.lost = True
        return self._end(LOST, "")

    def release(self):
        self._end(LOST, "")
        if self.line != Line.CLOSED:
            self.move(Line.CLOSED)
        self.pieces = []
        self.outgoing, self.unframed = [], []
        self.deflation = self.deflated = None
        self.error = None
        if not self.returned:
            self.name = self.name_of_request()
        if self.receivers or self.senders:
            self.application.loop.call_soon_threadsafe(self._resume_beside)
        return 0

    def move(self, target: Line):
        assert (_allowed[cython.cast(cython.int, self.line)] >> cython.cast(cython.int, target)) & 1
        self.line = target
