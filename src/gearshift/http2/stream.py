"""One stream: its request goes into an inner connection, the answer comes out of it. With the session's lock held."""

from collections import deque

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http2.answer import AnswerHead, AnswerReader, Part, Told
from cython.cimports.gearshift.http2.codec import Codec, Wire
from cython.cimports.gearshift.http2.codes import ErrorCode
from cython.cimports.gearshift.http2.inner import Inner
from cython.cimports.gearshift.http2.request_head import RequestHead, trailer_lines
from cython.cimports.gearshift.http2.stream import MOST_READ, Pumped

from gearshift.http2.answer import BrokenAnswer
from gearshift.http2.request_head import MalformedRequest

HEAD_READ = cython.declare(
    cython.Py_ssize_t, 16384
)  # bytes, as long as its head has not come: what is behind it may have to wait
JOINED = cython.declare(cython.Py_ssize_t, 65536)  # bytes of a request that are sent together
END_OF_CHUNKS = cython.declare(bytes, b"0\r\n")


class Stream:
    """asked: the request has come to its end. since: when a window was found closed, in monotonic seconds; 0 while it
    is open. queued: its turn to be pumped comes. pushed: nothing of its request waits for a turn.
    """

    def __init__(
        self, wire: Wire, codec: Codec, gateway: object, inner: Inner, head: RequestHead, ended: cython.bint
    ):
        self.wire = wire
        self.codec = codec
        self.gateway = gateway
        self.inner = inner
        self.asked = ended
        self.chunked = head.chunked
        self.tunnel = head.tunnel
        self.missing = head.length
        self.reader = AnswerReader(head.method)
        self.upload = deque()
        self.upload.append((head.text, 0))
        self.parked = Output()
        inner.stream = self
        inner.served = inner.connection.requests

    # ---- the request ------------------------------------------------------------------------------------------

    def body(self, data: bytes, credit: cython.Py_ssize_t, ended: cython.bint):
        """credit: what the peer's windows get back once the inner connection has taken it. Raises MalformedRequest."""
        size: cython.Py_ssize_t = PyBytes_GET_SIZE(data)
        if self.missing >= 0:
            if size > self.missing or (ended and size < self.missing):
                self.codec.acknowledge(self.wire, credit)
                raise MalformedRequest("a body that is not as long as content-length says")
            self.missing -= size
        if self.dropping:
            self.codec.acknowledge(self.wire, credit)
        elif self.chunked and size > 0:
            self.upload.append((b"%x\r\n%b\r\n" % (size, data), credit))
        elif size > 0 or credit > 0:
            self.upload.append((data, credit))
        if ended:
            self._request_ends()
        return 0

    def trailers(self, fields: list):
        """They can be carried behind chunks only. Raises MalformedRequest."""
        lines: bytes = trailer_lines(fields)
        if self.tunnel or self.missing > 0:
            raise MalformedRequest("trailers in a tunnel, or before the end of the body")
        if self.chunked:
            self.upload.append((b"%b%b\r\n" % (END_OF_CHUNKS, lines), 0))
            self.chunked = False
        self._request_ends()
        return 0

    def _request_ends(self):
        self.asked = True
        if self.chunked and not self.dropping:
            self.upload.append((b"0\r\n\r\n", 0))
        return 0

    def push(self):
        """Gives the inner connection what it takes of the request now."""
        data: bytes
        credit: cython.Py_ssize_t
        taken: cython.Py_ssize_t
        waits: cython.bint
        while self.upload:
            if len(self.upload) > 1 and self.offset == 0:
                self._join()
            data, credit = self.upload[0]
            try:
                taken = self.inner.send(
                    PyBytes_AS_STRING(data) + self.offset, PyBytes_GET_SIZE(data) - self.offset
                )
            except OSError:
                return self.drop_request()
            if taken < 0:
                break
            self.offset += taken
            if self.offset == PyBytes_GET_SIZE(data):
                self.offset = 0
                self.upload.popleft()
                if credit > 0:
                    self.codec.acknowledge(self.wire, credit)
        waits = len(self.upload) > 0
        if self.waits_for_room != waits:
            self.waits_for_room = waits
            self.gateway.ask_for_room(self.inner, waits)
        if self.tunnel and self.asked and not waits and not self.dropping:
            self.dropping = True
            self.inner.end_request()
        return 0

    def _join(self):
        """The first pieces become one, as far as that is worth copying."""
        pieces: list = []
        size: cython.Py_ssize_t = 0
        credits: cython.Py_ssize_t = 0
        while self.upload and (not pieces or size + len(self.upload[0][0]) <= JOINED):
            data, credit = self.upload.popleft()
            pieces.append(data)
            size += len(data)
            credits += credit
        self.upload.appendleft((b"".join(pieces), credits))
        return 0

    def drop_request(self):
        """What waits of it goes nowhere; the peer gets back what its windows hold."""
        self.dropping = True
        for _, credit in self.upload:
            if credit:
                self.codec.acknowledge(self.wire, credit)
        self.upload.clear()
        self.offset = 0
        return 0

    # ---- the answer -------------------------------------------------------------------------------------------

    def reusable(self) -> cython.bint:
        """Whether another stream may use its inner connection."""
        return (
            self.reader.part == Part.DONE
            and self.reader.keeps
            and (self.asked or self.missing == 0)
            and not self.upload
            and not self.dropping
        )

    def pump(self):
        """Sends one piece more of the answer."""
        buffer: cython.char[65536]
        size: cython.Py_ssize_t = HEAD_READ
        came: cython.Py_ssize_t
        inner: Inner = self.inner
        if self.parked.pending > 0:
            return self._send()
        if not inner.readable:
            return Pumped.DRY
        if self.reader.part != Part.HEAD:
            size = min(self.codec.room(self.wire), MOST_READ)
            if size <= 0:
                return Pumped.BLOCKED
        came = inner.receive(buffer, size)
        if came < 0:
            inner.readable = False
            return Pumped.DRY
        if 0 < came < size and not inner.hung_up:
            inner.readable = False
        try:
            if came > 0:
                self._take(buffer, came)
            else:
                inner.hung_up = True
                self.reader.end()
        except BrokenAnswer:
            return Pumped.BROKEN
        return self._send()

    def _take(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        """Raises BrokenAnswer."""
        told: Told
        while size > 0:
            told = self.reader.take(data, size)
            if told == Told.DATA:
                self.parked.write(data + self.reader.skipped, self.reader.length)
            elif told == Told.FINAL:
                self.head = self._tunnelled() if self.tunnel else self.reader.head.fields
            elif told == Told.INTERIM:
                self.codec.send_head(self.wire, self.reader.head.fields, False)
            data += self.reader.taken
            size -= self.reader.taken
        return 0

    def _tunnelled(self):
        """RFC 8441 section 5: 200 is what 101 was; an answer of another kind must not look like it."""
        head: AnswerHead = self.reader.head
        self.tunnel = head.status == 101
        if self.tunnel:
            kept = [field for field in head.fields[1:] if field[0] != b"sec-websocket-accept"]
            return [(b":status", b"200"), *kept]
        return [(b":status", b"501"), *head.fields[1:]] if head.status // 100 == 2 else head.fields

    def _send(self):
        """What the windows take of what has come."""
        output: Output = self.parked
        trailers: list = self.reader.trailers
        ended: cython.bint = self.reader.part == Part.DONE
        last: cython.bint
        size: cython.Py_ssize_t
        if self.head is not None:
            last = ended and output.pending == 0 and trailers is None
            self.codec.send_head(self.wire, self.head, last)
            self.head = None
            if last:
                return self._over()
        while output.pending > 0:
            size = min(self.codec.data_room(self.wire), output.pending)
            if size <= 0:
                return Pumped.BLOCKED
            last = ended and size == output.pending and trailers is None
            self.codec.send_data(self.wire, output.buffer + output.start, size, last)
            self.since = 0.0
            output.sent(size)
            if last:
                return self._over()
        if not ended:
            return Pumped.MORE
        if trailers is not None:
            self.codec.send_head(self.wire, trailers, True)
        else:
            self.codec.send_data(self.wire, cython.NULL, 0, True)
        return self._over()

    def _over(self):
        """RFC 9113 section 8.1: what is left of the request is not wanted. Where that is only its end, which many
        clients say in a frame of its own, it is waited for: to them a reset would be an error.
        """
        if not self.asked and self.missing != 0:
            self.drop_request()
            self.codec.reset(self.wire, ErrorCode.NO_ERROR)
        return Pumped.WHOLE
