"""An ASGI application behind an exchange (ASGI 3, HTTP spec 2.5): its task, receive() and send().

What can be answered at once is answered by a ready-made awaitable; a Future exists only where the application truly
waits. One that never suspends costs no trip round the loop.
"""

import os
from stat import S_ISREG

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.apps.asgi.application import Said
from cython.cimports.gearshift.apps.asgi.awaitables import DONE, ready
from cython.cimports.gearshift.apps.asgi.call import Call, Callee
from cython.cimports.gearshift.apps.native import FileSlice
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.exchange import Made, Service, Stage
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.protocol import Protocol
from cython.cimports.gearshift.http.request import Known, Request
from cython.cimports.gearshift.http.response import reason_of
from cython.cimports.gearshift.http.states import Event

from gearshift.apps.asgi.awaitables import behind, settle, waiting
from gearshift.apps.asgi.hints_and_trailers import early_hint, links_of, takes_trailers
from gearshift.apps.native import OpenFile
from gearshift.exchange import ClientDisconnected, RequestRefused
from gearshift.http.refusals import REASONS

HIGH_WATER = cython.declare(cython.longlong, 65536)  # bytes not yet taken by the peer; above it send() waits
MOST_UNHEARD = cython.declare(
    cython.longlong, 1048576
)  # bytes that an application may say behind the head to HEAD

END_OF_BODY = {"type": "http.request", "body": b"", "more_body": False}
DISCONNECT = {"type": "http.disconnect"}


class AsgiApplication:
    """An ASGI callable. websockets: the Terms for those, or None for the usual ones."""

    def __init__(self, callable: object, error_log: object, websockets: object = None):
        Callee.__init__(self, callable, error_log)
        self.websockets = websockets

    def terms(self):
        """What is granted to WebSockets."""
        if self.websockets is None:
            from gearshift.websocket.terms import Terms

            self.websockets = Terms()
        return self.websockets

    def keep(self, exchange: Call):
        """A WebSocket has been accepted; in the loop's thread."""
        if self.keeper is None:
            from gearshift.apps.asgi.keeper import Keeper

            self.keeper = Keeper(self.loop, self.terms())
        self.keeper.enter(exchange)
        if self.leaving:
            self.keeper.go_away()
        return 0

    def go_away(self) -> None:
        """The server ends: its WebSockets are told. In the loop's thread."""
        self.leaving = True
        if self.keeper is not None:
            self.keeper.go_away()

    def begin(self, channel: Channel, service: Service):
        request: Request = channel.protocol.request
        if request.seen & Known.KNOWN_UPGRADE:
            from gearshift.apps.asgi.websocket import upgrade  # others do without it

            upgraded = upgrade(self, channel, service)
            if upgraded is not None:
                return upgraded
        exchange: AsgiExchange = AsgiExchange()
        exchange.application = self
        exchange.pieces = []
        exchange.open(channel, service, False)
        return exchange


class AsgiExchange:
    """One call of an ASGI application for HTTP."""

    # ---- the application's task ------------------------------------------------------------------------

    def _has_spoken(self) -> cython.bint:
        return self.said != Said.NOTHING

    def _task_over(self, error: object):
        """The application returned or raised; it may have answered long ago."""
        self.returned = True
        if error is None and self.disconnect_told and self.said != Said.EVERYTHING:
            error = ClientDisconnected("the client is gone")  # a good reason not to complete an answer
        if self.answered == 0 and self.service.access_log is not None:
            self.answered = monotonic()
        if self.lost or self.refused:
            pass  # whatever it raised now is a consequence: the client, or the rest of its body, was not to be had
        elif self.said == Said.EVERYTHING or self.stage == Stage.OVER:
            if error is not None:
                name = self.name or self.name_of_request()
                self.service.error_log.exception(f"error in {name}, after its answer was complete", error)
        else:
            self.error = error or RuntimeError("the application returned without completing its answer")
        if not self.entered:
            self._changed()
        return 0

    # ---- receive() ---------------------------------------------------------------------------------------

    def receive(self):
        """The next message: a piece of the body, then, once it waits again, the disconnect."""
        take_floor()
        try:
            message = self._next_message()
            if message is not None:
                return ready(message)
            return self._wait_to_receive()
        finally:
            leave_floor()

    def _next_message(self):
        """What receive() can answer at once; None if it must wait."""
        if self.lost or self.said == Said.EVERYTHING or self.stage == Stage.OVER:
            return DISCONNECT.copy()
        if self.body_told:
            if not self.peer_finished:
                return None
            self.disconnect_told = True
            return DISCONNECT.copy()
        if self.beside:
            if self.incoming:
                message = self.incoming.pop(0)
                self.body_told = not message.get("more_body", False)
                self._changed()
                return message
            if self.request.has_body():
                return None
        elif not self.body_complete:
            message = self._read_message()
            if message is not None:
                self.body_told = message["type"] == "http.request" and not message["more_body"]
            return message
        self.body_told = True
        return END_OF_BODY.copy()

    def _read_message(self):
        """In the engine's thread: the body's next piece as a message; None where it has not come yet."""
        protocol: Protocol = self.channel.protocol
        event: Event = protocol.next()
        if event == Event.BODY:
            piece = PyBytes_FromStringAndSize(protocol.piece, protocol.piece_length)
            if not self.request.chunked and protocol.due == 0:
                protocol.next()
                self.body_complete = True
            return {"type": "http.request", "body": piece, "more_body": not self.body_complete}
        if event == Event.END_OF_BODY:
            self.body_complete = True
            return END_OF_BODY.copy()
        if event == Event.NEED_DATA:
            self.continue_body()
            return None
        self.error = RequestRefused(REASONS[protocol.refusal][1])
        self.refused = True
        return DISCONNECT.copy()

    def _wait_to_receive(self):
        future = self.receiver
        if future is not None and not future.done():
            return behind(future, self.receive)
        self.receiver = future = self._new_future()
        self._changed()
        if self.lost or self.stage == Stage.OVER:
            self.receiver = None
            return ready(DISCONNECT.copy())
        return waiting(future)

    def _new_future(self):
        """Of the loop, which may be anybody's; the engine may go on meanwhile."""
        floor: cython.int = let_go()
        try:
            return self.application.loop.create_future()
        finally:
            take_again(floor)

    def wants_input(self):
        return self.receiver is not None and not self.body_complete

    def _serve_receiver(self):
        """In the engine's thread: feeds a receive() that waits."""
        if self.receiver is None:
            return 0
        if self.beside and not self.body_complete and not self.incoming:
            message = self._read_message()
            if message is not None:
                self.incoming = [message]
        if self.beside:
            if self.incoming or self.lost or self.body_told or self.stage == Stage.OVER:
                self.application.loop.call_soon_threadsafe(self._deliver_beside)
            return 0
        return self._deliver()

    def _deliver_beside(self):
        """In the loop's thread, which is not the engine's."""
        take_floor()
        try:
            self._deliver()
        finally:
            leave_floor()

    def _deliver(self):
        """In the loop's thread: answers the receive() that waits, if there is something to say."""
        future = self.receiver
        if future is None or future.done():
            self.receiver = None
            return 0
        message = self._next_message()
        if message is not None:
            self.receiver = None
            future.set_result(message)
        return 0

    # ---- send() --------------------------------------------------------------------------------------------

    def send(self, message):
        """Takes one message; waits only while the client takes less than the application sends."""
        kind = message["type"]
        take_floor()
        try:
            return self._take(kind, message)
        finally:
            leave_floor()

    def _take(self, kind: object, message: object):
        if self.lost or self.refused:  # what follows a disconnect is an OSError (spec 2.4), on every engine
            raise ClientDisconnected("the client is gone")
        if self.said == Said.EVERYTHING or self.stage == Stage.OVER:
            raise RuntimeError(f"{kind!r} after the answer was complete")
        if kind == "http.response.body":
            self._body_message(message)
        elif kind == "http.response.start":
            if self.said != Said.NOTHING:
                raise RuntimeError("'http.response.start' was sent twice")
            self.status = message["status"]
            headers = message.get("headers", ())
            self.headers = (
                headers[:] if type(headers) is list else headers
            )  # which the application may go on changing
            self.promised_trailers = bool(message.get("trailers", False))
            self.said = Said.HEAD
            if not self.suspended:
                return DONE
        elif kind == "http.response.pathsend":
            self._path_message(message)
        elif kind == "http.response.early_hint":
            self._hint_message(message)
        elif kind == "http.response.trailers":
            self._trailers_message(message)
        else:
            raise RuntimeError(f"{kind!r} is no message of an HTTP answer")
        if self.said == Said.EVERYTHING and self.service.access_log is not None:
            self.answered = monotonic()
        if self._must_wait():
            return self._wait_to_send()
        if not self.entered:
            self._changed()
        return DONE

    def _must_wait(self) -> cython.bint:
        """Whether the client takes less than the application sends."""
        return self.said != Said.EVERYTHING and self.held + self.channel.unsent() >= HIGH_WATER

    def _wait_to_send(self):
        """The engine is told when it can see who waits: beside the loop it may be done before this thread goes on."""
        future = self.sender
        taken: cython.bint = future is not None and not future.done()
        if not taken:
            self.sender = future = self._new_future()
        if not self.entered:
            self._changed()
        if taken:
            return behind(future, self._room_to_send)
        if self.lost or self.stage == Stage.OVER:  # since this message was begun with
            self.sender = None
            raise ClientDisconnected("the client is gone")
        return waiting(future)

    def _room_to_send(self):
        """What another task waited for, now for this one."""
        if self.lost:
            raise ClientDisconnected("the client is gone")
        return self._wait_to_send() if self._must_wait() else DONE

    def _body_message(self, message: dict):
        if self.said == Said.NOTHING:
            raise RuntimeError("'http.response.body' before 'http.response.start'")
        if self.said == Said.TRAILERS:
            raise RuntimeError("'http.response.body' after the body was complete")
        piece = message.get("body", b"")
        if type(piece) is not bytes:
            piece = bytes(memoryview(piece))  # bytes() alone would make five NULs of a 5
        if piece:
            self.pieces.append(piece)
            self.held += PyBytes_GET_SIZE(piece)
        if message.get("more_body", False):
            self.said = Said.BODY
            if self.response.is_head and self.head_written:
                self._body_for_nobody(PyBytes_GET_SIZE(piece))
        else:
            self.said = Said.TRAILERS if self.promised_trailers else Said.EVERYTHING
        return 0

    def _body_for_nobody(self, size: cython.Py_ssize_t):
        """Of an answer to HEAD. It may have no end, and nothing that is sent could fail: here it does."""
        self.unheard += size
        if self.unheard <= MOST_UNHEARD and not self.peer_finished:
            return 0
        self.said = Said.EVERYTHING
        self.refused = True
        self._changed()
        raise ClientDisconnected("the answer to HEAD is complete")

    def _path_message(self, message: dict):
        """A whole file as the body, sent by the kernel."""
        if self.said != Said.HEAD:
            raise RuntimeError("'http.response.pathsend' must follow 'http.response.start'")
        # Of a FIFO, opening would wait for somebody to write, and the loop with it.
        file = OpenFile(os.open(message["path"], os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        status = os.fstat(file.fd)
        if not S_ISREG(status.st_mode):
            raise RuntimeError(f"'http.response.pathsend' of {message['path']!r}, which is no regular file")
        self.pieces.append(FileSlice(file, 0, status.st_size))
        self.said = Said.TRAILERS if self.promised_trailers else Said.EVERYTHING
        return 0

    def _hint_message(self, message: dict):
        if self.head_written or self.pieces or self.said > Said.HEAD:
            raise RuntimeError("early hints after the answer began")
        self.hints = (self.hints or b"") + early_hint(links_of(message))
        return 0

    def _trailers_message(self, message: dict):
        if self.said != Said.TRAILERS:
            raise RuntimeError("'http.response.trailers' must follow a body that promised them")
        self.trailers = [*(self.trailers or ()), *message.get("headers", ())]
        if not message.get("more_trailers", False):
            self.said = Said.EVERYTHING
        return 0

    # ---- the answer, in the engine's thread ----------------------------------------------------------------

    def produce(self):
        output: Output = self.channel.writer()
        before: cython.longlong = output.pending
        said: Said = self.said
        if self.error is not None and said != Said.EVERYTHING:
            error = self.error
            self.error = None
            if self.pieces or self.head_written:  # what send() took counts as sent, on every engine
                if not self.head_written:
                    self._write_head(output)
                self._write_pieces(output)
            raise error
        if self.hints:
            self._write_hints(output)
        if said != Said.NOTHING and (self.pieces or said == Said.EVERYTHING or self.suspended):
            if not self.head_written:
                self._write_head(output)
            self._write_pieces(output)
        if said == Said.EVERYTHING and not self.pieces:
            if self.trailers is None or not takes_trailers(self.request.header(b"te")):
                self.response.end(output)
            else:
                self.response.end_with_trailers(output, self.trailers)
            return Made.LAST
        if self.receiver is not None:
            self._serve_receiver()
        if output.pending > before:
            return Made.PIECE
        if self.sender is not None and self.channel.unsent() < HIGH_WATER:
            self._settle_sender()
        return Made.NOT_YET

    def _write_head(self, output: Output):
        status: cython.int = self.status
        reason: bytes = reason_of(status)
        length: cython.longlong = -1
        if self.said == Said.EVERYTHING and self.trailers is None:
            length = 0
            for piece in self.pieces:
                length += len(piece) if type(piece) is bytes else cython.cast(FileSlice, piece).length
        self.start(status, PyBytes_AS_STRING(reason), PyBytes_GET_SIZE(reason))
        self.write_fields(output, self.headers)
        return self.finish_head(length)

    def _write_hints(self, output: Output):
        """103 Early Hints (RFC 8297), for clients that know interim answers."""
        hints = self.hints
        self.hints = None
        if self.request.minor > 0 and not self.head_written:
            output.write_bytes(hints)
        return 0

    def _write_pieces(self, output: Output):
        pieces = self.pieces
        if not pieces:
            return 0
        self.pieces = []
        for piece in pieces:
            if type(piece) is bytes:
                self.held -= PyBytes_GET_SIZE(piece)
                self.response.piece(output, piece, PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
            else:
                part: FileSlice = piece
                self.response.file(output, part.file, part.file.fd, part.offset, part.length)
        return 0

    def _settle_sender(self):
        future = self.sender
        self.sender = None
        return self._settle(future, None, self.lost)

    def _settle(self, future: object, value: object, failed: cython.bint):
        """Answers a future, in its loop's thread."""
        error = ClientDisconnected("the client is gone") if failed else None
        if self.beside and self.application.loop.is_closed():
            return 0  # cut by a stop that waited long enough: its task is gone
        if self.beside:
            self.application.loop.call_soon_threadsafe(settle, future, value, error)
        else:
            settle(future, value, error)
        return 0

    # ---- the end -------------------------------------------------------------------------------------------

    def peer_has_finished(self):
        self.peer_finished = True
        return self._serve_receiver()

    def peer_is_lost(self):
        self.lost = True
        if self.sender is not None:
            self._settle_sender()
        return self._serve_receiver()

    def release(self):
        self.pieces = []
        self.error = None
        if not self.returned:
            self.name = self.name_of_request()  # of the request, which makes room for the next one now
        if self.service.access_log is not None:
            self.application_seconds = (self.answered or monotonic()) - self.called
        if self.sender is not None:
            self._settle_sender()
        if self.receiver is not None:
            self._settle(self.receiver, DISCONNECT.copy(), False)
            self.receiver = None
        return 0
