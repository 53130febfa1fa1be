"""The application's half of a WebSocket (ASGI 3, WebSocket spec 2.5): what it is told, and what it says.

It only notes what was said; the other half (websocket.py) frames it when the engine pulls. Beside the loop the two
halves run in two threads, and meet in `incoming`, `outgoing` and a few flags that only one of them sets.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_GET_SIZE
from cython.cimports.cpython.unicode import PyUnicode_AsUTF8AndSize
from cython.cimports.gearshift.apps.asgi.application import AsgiApplication
from cython.cimports.gearshift.apps.asgi.awaitables import DONE
from cython.cimports.gearshift.apps.asgi.call import Call
from cython.cimports.gearshift.apps.asgi.turns import receiving, sending
from cython.cimports.gearshift.apps.asgi.websocket_call import Spoken
from cython.cimports.gearshift.exchange import Stage
from cython.cimports.gearshift.floor import leave_floor, take_floor
from cython.cimports.gearshift.websocket.frames import may_be_sent
from cython.cimports.gearshift.websocket.reader import Reader

from gearshift.exchange import ClientDisconnected
from gearshift.websocket.deflate import agree
from gearshift.websocket.handshake import answer_lines, subprotocols

BESIDE_MESSAGE = cython.declare(cython.longlong, 64)  # bytes that a message takes beside its own
HIGH_WATER = cython.declare(cython.longlong, 65536)  # bytes not yet taken by the peer; above it send() waits
LOW_QUEUED = cython.declare(cython.longlong, 32768)  # bytes of messages below which more are read again
NORMAL = cython.declare(cython.int, 1000)  # RFC 6455 section 7.4.1
FAILED = cython.declare(cython.int, 1011)


class WebSocketCall:
    """One call of an ASGI application for a WebSocket, or the answer that it can't be had."""

    # ---- the application's task ------------------------------------------------------------------------------

    def call(self):
        if self.refusal is not None:
            return self._refuse()
        return Call.call(self)

    def _refuse(self):
        """No application is called for what is no handshake."""
        self.status = self.refusal.status
        self.headers = [(b"content-type", b"text/plain; charset=utf-8"), *self.refusal.fields]
        self.pieces = [self.refusal.words.encode() + b"\n"]
        self.spoken = Spoken.FINISHED
        self.returned = True
        return 0

    def scope(self):
        scope: dict = Call.scope(self)
        scope["type"] = "websocket"
        scope["scheme"] = "wss" if scope["scheme"] == "https" else "ws"
        del scope["method"]
        scope["subprotocols"] = subprotocols(self.request)
        offered: dict = {"websocket.http.response": {}, "gearshift.connection": self.channel}
        if "tls" in scope["extensions"]:
            offered["tls"] = scope["extensions"]["tls"]
        scope["extensions"] = offered
        return scope

    def _has_spoken(self) -> cython.bint:
        return self.spoken != Spoken.SILENT

    def _task_over(self, error: object):
        """An application that returns has no more to say; one that raises closes with 1011, or is answered 500."""
        self.returned = True
        if isinstance(error, ClientDisconnected) or type(error).__name__ == "WebSocketDisconnect":
            # Starlette lets the latter out of every handler that does not expect it.
            error = None if self.over else error
        if self.lost and error is None:
            pass
        elif self.agreed is None and self.spoken != Spoken.FINISHED:
            self.error = error or RuntimeError("the application returned without answering the handshake")
        else:
            if error is not None and not self.refused:
                name = self.name or self.name_of_request()
                self.service.error_log.exception(f"error in {name}, a WebSocket", error)
            if self.spoken == Spoken.ACCEPTED:
                self.outgoing.append((NORMAL if error is None else FAILED, b""))
            self.spoken = Spoken.FINISHED
        if not self.entered:
            self._changed()
        return 0

    def _changed(self):
        """The engine is asked to look, once; not where it is about to anyway."""
        if self.stage == Stage.OVER or self.stirred:
            return 0
        self.stirred = True
        if self.beside:
            self.channel.driver.nudge(self.channel)
        elif not self.producing:
            self.channel.driver.wake(self.channel)
        return 0

    # ---- receive() -------------------------------------------------------------------------------------------

    def receive(self):
        """The next message; after the last, why there are no more."""
        return receiving(self)

    def has_message(self) -> cython.bint:
        return not self.connect_told or self.over or len(self.incoming) > 0

    def next_message(self):
        if not self.connect_told:
            self.connect_told = True
            return {"type": "websocket.connect"}
        if self.incoming:
            message = self.incoming.popleft()
            self.queued -= len(message) + BESIDE_MESSAGE
            if self.held_back and self.queued < LOW_QUEUED:
                self.held_back = False
                self._changed()
            if type(message) is str:
                return {"type": "websocket.receive", "text": message, "bytes": None}
            return {"type": "websocket.receive", "bytes": message, "text": None}
        if self.over:
            return {"type": "websocket.disconnect", "code": self.code, "reason": self.reason}
        return None

    # ---- send() ----------------------------------------------------------------------------------------------

    def send(self, message):
        """Takes one message; waits only while the peer takes less than the application sends."""
        take_floor()
        try:
            return self._take_message(message)
        finally:
            leave_floor()

    def _take_message(self, message: object):
        kind = message["type"]
        if kind == "websocket.send":
            return self._send_message(message)
        if self.over:
            raise ClientDisconnected("the client is gone")
        if self.spoken == Spoken.FINISHED:
            raise RuntimeError(f"{kind!r} after the last word")
        if kind == "websocket.accept":
            self._accept_message(message)
        elif kind == "websocket.close":
            self._close_message(message)
        elif kind == "websocket.http.response.start":
            self._start_message(message)
        elif kind == "websocket.http.response.body":
            self._body_message(message)
        else:
            raise RuntimeError(f"{kind!r} is no message of a WebSocket")
        return self._sent()

    def _sent(self):
        if not self.entered:
            self._changed()
        return DONE if self.may_send() else sending(self)

    def may_send(self) -> cython.bint:
        pending: cython.longlong = self.channel.unsent()
        if self.lost or (self.over and self.spoken == Spoken.ACCEPTED):
            raise ClientDisconnected("the client is gone")
        return self.spoken == Spoken.FINISHED or self.held + pending < HIGH_WATER

    def _send_message(self, message: dict):
        size: cython.Py_ssize_t = 0
        if self.over:
            raise ClientDisconnected("the client is gone")
        if self.spoken != Spoken.ACCEPTED:
            when = "before 'websocket.accept'" if self.spoken == Spoken.SILENT else "after the last word"
            raise RuntimeError(f"'websocket.send' {when}")
        data = message.get("bytes")
        if data is None:
            data = message.get("text")
            if data is None:
                raise RuntimeError("'websocket.send' with neither text nor bytes")
            if type(data) is not str:
                data = str(data)
            PyUnicode_AsUTF8AndSize(data, cython.address(size))  # raises for a surrogate
        else:
            if type(data) is not bytes:
                data = bytes(memoryview(data))  # bytes() alone would make five NULs of a 5
            size = PyBytes_GET_SIZE(data)
        self.outgoing.append(data)
        self.held += size
        return self._sent()

    def _accept_message(self, message: dict):
        if self.spoken != Spoken.SILENT:
            raise RuntimeError("'websocket.accept' was sent twice")
        subprotocol = message.get("subprotocol")
        if subprotocol is not None and subprotocol not in subprotocols(self.request):
            # RFC 6455 section 4.2.2; a client would have to fail the connection (section 4.1).
            raise RuntimeError(f"'websocket.accept' with {subprotocol!r}, which the client does not offer")
        extension = b""
        if self.terms.compress:
            self.deflate, extension = agree(self.request.header(b"sec-websocket-extensions"))
        self.agreed = answer_lines(self.request, subprotocol, extension, message.get("headers", ()))
        self.reader = Reader(self.terms.limit, self.deflate)
        self.spoken = Spoken.ACCEPTED
        application: AsgiApplication = self.application
        application.keep(self)
        return 0

    def _close_message(self, message: dict):
        """Before the request is accepted it denies it."""
        if self.spoken == Spoken.DENYING:
            raise RuntimeError("'websocket.close' in the middle of 'websocket.http.response'")
        if self.spoken == Spoken.SILENT:
            self.status, self.headers = 403, ()
        else:
            code = message.get("code", NORMAL)
            code = NORMAL if code is None else code
            reason = (message.get("reason") or "").encode()
            if not may_be_sent(code) or len(reason) > 123:
                raise RuntimeError(
                    f"'websocket.close' with the code {code} and {len(reason)} bytes of reason"
                )
            self.outgoing.append((code, reason))
        self.spoken = Spoken.FINISHED
        return 0

    def _start_message(self, message: dict):
        if self.spoken != Spoken.SILENT:
            raise RuntimeError("'websocket.http.response.start' after the request was answered")
        self.status, self.headers = message["status"], tuple(message.get("headers", ()))
        self.spoken = Spoken.DENYING
        return 0

    def _body_message(self, message: dict):
        if self.spoken != Spoken.DENYING:
            raise RuntimeError("'websocket.http.response.body' before 'websocket.http.response.start'")
        piece = message.get("body", b"")
        if type(piece) is not bytes:
            piece = bytes(memoryview(piece))
        if piece:
            self.pieces.append(piece)
            self.held += PyBytes_GET_SIZE(piece)
        if not message.get("more_body", False):
            self.spoken = Spoken.FINISHED
        return 0
