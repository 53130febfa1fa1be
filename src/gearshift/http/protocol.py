"""The server's side of one HTTP/1.1 connection: bytes in, events out (RFC 9112).

Push, synchronous, without input or output: whoever has bytes calls `receive`, whoever wants to know what they
mean calls `next_event`. Bytes are parsed where the caller holds them; `settle` copies what must outlive that
buffer, so a connection between requests holds no memory for input. The answers are framed by response.py.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.http.body import ChunkLine, parse_chunk_line, parse_trailer_line
from cython.cimports.gearshift.http.head import parse_head
from cython.cimports.gearshift.http.limits import Limits
from cython.cimports.gearshift.http.refusals import Refusal
from cython.cimports.gearshift.http.request import Request
from cython.cimports.gearshift.http.states import Event, Reading, may_move
from cython.cimports.libc.stdlib import free, malloc, realloc
from cython.cimports.libc.string import memcmp, memcpy, memmove

from gearshift.http.body import LONGEST_EXTENSIONS

BLANK_LINES_IGNORED = cython.declare(cython.int, 2)  # RFC 9112 section 2.2
PREFACE = cython.declare(cython.p_const_char, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
PREFACE_LENGTH = cython.declare(cython.Py_ssize_t, 24)
_LONGEST_EXTENSIONS = cython.declare(cython.Py_ssize_t, LONGEST_EXTENSIONS)


class Protocol:
    """Reads requests one after another; the next is not begun before finish() says this one is answered."""

    def __cinit__(self, limits: Limits):
        self.limits = limits
        self.reading = Reading.BETWEEN
        self.refusal = Refusal.NO_REFUSAL

    def __dealloc__(self):
        free(self.kept)

    # ---- bytes in --------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes from the peer. They are copied if next_event() leaves any of them."""
        self.feed(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        self.settle()

    def receive_eof(self) -> None:
        """The peer will send nothing more."""
        self.eof = True

    def feed(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        """As receive(), but the bytes are used where they stand until settle() is called."""
        left: cython.Py_ssize_t = self.end - self.position
        wider: cython.p_char
        if self.reading == Reading.BROKEN:
            return 0
        if left == 0 and self.kept == cython.NULL:
            self.data = data
            self.position = 0
            self.end = size
            return 0
        self.piece_length = 0
        if self.request is not None:
            self.request.keep()
        if self.position > 0:
            memmove(self.kept, self.kept + self.position, left)
        if left + size > self.kept_capacity:
            wider = cython.cast(cython.p_char, realloc(self.kept, left + size))
            if wider == cython.NULL:
                raise MemoryError
            self.kept = wider
            self.kept_capacity = left + size
        memcpy(self.kept + left, data, size)
        self.data = self.kept
        self.position = 0
        self.end = left + size
        return 0

    def settle(self):
        """The caller's buffer is about to change: copies what is not yet interpreted, and the head in use."""
        left: cython.Py_ssize_t = self.end - self.position
        self.piece_length = 0
        if self.request is not None:
            self.request.keep()
        if self.kept == cython.NULL:
            if left > 0:
                self.kept = cython.cast(cython.p_char, malloc(left))
                if self.kept == cython.NULL:
                    raise MemoryError
                self.kept_capacity = left
                memcpy(self.kept, self.data + self.position, left)
                self.data = self.kept
                self.position = 0
                self.end = left
        elif left == 0:
            free(self.kept)
            self.kept = cython.NULL
            self.kept_capacity = 0
        if left == 0:
            self.data = cython.NULL
            self.position = self.end = 0
        return 0

    def buffered(self):
        return self.end - self.position

    # ---- events out ------------------------------------------------------------------------------------

    def next_event(self) -> Event:
        """What the bytes so far mean: NEED_DATA and PAUSED are answers, not errors."""
        event: Event = self.next()
        if event == Event.REQUEST:
            self.request.keep()  # Python code may hold on to it for longer than the bytes live
        return event

    @property
    def body_piece(self):
        """The bytes of the last BODY event."""
        return PyBytes_FromStringAndSize(self.piece, self.piece_length)

    def next(self):
        if self.reading == Reading.BETWEEN or self.reading == Reading.HEAD:
            return self._next_head()
        if self.reading == Reading.SIZED_BODY:
            return self._next_sized()
        if self.reading == Reading.COMPLETE or self.reading == Reading.UPGRADED:
            return Event.PAUSED
        if self.reading == Reading.BROKEN:
            return Event.REFUSED
        if self.reading == Reading.ENDED:
            return Event.CLOSED
        return self._next_chunked()

    def _next_head(self):
        verdict: cython.int
        if self.reading == Reading.BETWEEN:
            while (
                self.blank_lines < BLANK_LINES_IGNORED
                and self.end - self.position >= 2
                and self.data[self.position] == b"\r"
                and self.data[self.position + 1] == b"\n"
            ):
                self.position += 2
                self.blank_lines += 1
        if self.position == self.end:
            return self._starved()
        if self.reading == Reading.BETWEEN:
            if self.data[self.position] == b"\r" and self.end - self.position == 1:
                return self._starved()
            self.head = Request()
            self.head.secured = self.secured
            self.move(Reading.HEAD)
        if self.may_be_http2 and self._preface() != Event.REQUEST:
            return self._preface()
        verdict = parse_head(self.head, self.data + self.position, self.end - self.position, self.limits)
        if verdict < 0:
            return self.refuse(-verdict)
        if verdict == 0:
            return self._starved()
        self.request = self.head
        self.head = None
        self.position += self.request.length
        self.blank_lines = 0
        self.body_bytes = 0
        if self.request.chunked:
            self.extension_bytes = 0
            self.trailer_bytes = 0
            self.trailers = 0
            self.move(Reading.CHUNK_SIZE)
        elif self.request.content_length > 0:
            self.due = self.request.content_length
            self.move(Reading.SIZED_BODY)
        else:
            self.move(Reading.COMPLETE)
        return Event.REQUEST

    def _preface(self):
        """Whether the bytes so far are those that HTTP/2 begins with (RFC 9113 section 3.4). REQUEST: they are not."""
        size: cython.Py_ssize_t = min(self.end - self.position, PREFACE_LENGTH)
        if memcmp(self.data + self.position, PREFACE, size) != 0:
            self.may_be_http2 = False
            return Event.REQUEST
        return Event.PREFACE if size == PREFACE_LENGTH else self._starved()

    def hand_on(self):
        """What has come, the preface first, is left for others to read."""
        self.head = None
        if self.reading == Reading.HEAD:
            self.move(Reading.BETWEEN)
        return 0

    def _next_sized(self):
        if self.due == 0:
            self.move(Reading.COMPLETE)
            return Event.END_OF_BODY
        if self.position == self.end:
            return self._starved()
        self.piece = self.data + self.position
        self.piece_length = self.end - self.position
        if cython.cast(cython.ulonglong, self.piece_length) > self.due:
            self.piece_length = self.due
        self.position += self.piece_length
        self.due -= self.piece_length
        self.body_bytes += self.piece_length
        return Event.BODY

    def _next_chunked(self):
        event: Event
        left: cython.Py_ssize_t
        while True:
            left = self.end - self.position
            if left == 0:
                return self._starved()
            if self.reading == Reading.CHUNK_DATA:
                self.piece = self.data + self.position
                self.piece_length = left
                if cython.cast(cython.ulonglong, left) > self.due:
                    self.piece_length = self.due
                self.position += self.piece_length
                self.due -= self.piece_length
                if self.due == 0:
                    self.move(Reading.CHUNK_END)
                return Event.BODY
            if self.reading == Reading.CHUNK_END:
                if self.data[self.position] != b"\r" or (left > 1 and self.data[self.position + 1] != b"\n"):
                    return self.refuse(Refusal.CHUNK_NOT_ENDED)
                if left == 1:
                    return self._starved()
                self.position += 2
                self.move(Reading.CHUNK_SIZE)
                continue
            event = self._next_chunk_line() if self.reading == Reading.CHUNK_SIZE else self._next_trailer()
            if event != Event.BODY:
                return event

    def _next_chunk_line(self):
        """Reads a size line. BODY here means: read on."""
        line: ChunkLine
        taken: cython.Py_ssize_t = parse_chunk_line(
            self.data + self.position, self.end - self.position, cython.address(line)
        )
        if taken < 0:
            return self.refuse(cython.cast(cython.int, -taken))
        if taken == 0:
            return self._starved()
        self.position += taken
        self.extension_bytes += line.extension
        if self.extension_bytes > _LONGEST_EXTENSIONS:
            return self.refuse(Refusal.CHUNK_EXTENSION)
        if line.size > cython.cast(cython.ulonglong, self.limits.body - self.body_bytes):
            return self.refuse(Refusal.BODY_TOO_LONG)
        self.body_bytes += line.size
        self.due = line.size
        self.move(Reading.CHUNK_DATA if line.size else Reading.TRAILERS)
        return Event.BODY

    def _next_trailer(self):
        """Reads a line of the trailer section. BODY here means: read on."""
        most: cython.Py_ssize_t = min(self.limits.field, self.limits.head - self.trailer_bytes - 2)
        taken: cython.Py_ssize_t = parse_trailer_line(
            self.data + self.position, self.end - self.position, most
        )
        if taken < 0:
            return self.refuse(cython.cast(cython.int, -taken))
        if taken == 0:
            return self._starved()
        self.position += taken
        self.trailer_bytes += taken
        if taken == 2:
            self.move(Reading.COMPLETE)
            return Event.END_OF_BODY
        self.trailers += 1
        if self.trailers > self.limits.fields:
            return self.refuse(Refusal.TOO_MANY_FIELDS)
        return Event.BODY

    def _starved(self):
        """More bytes are needed. A peer that has finished cuts a body short; before a body it just left."""
        if not self.eof:
            return Event.NEED_DATA
        if self.reading == Reading.BETWEEN or self.reading == Reading.HEAD:
            self.move(Reading.ENDED)
            return Event.CLOSED
        return self.refuse(Refusal.CUT_SHORT)

    def refuse(self, refusal: cython.int):
        """The peer is refused; nothing it sent after this is interpreted."""
        self.refusal = cython.cast(Refusal, refusal)
        if self.reading == Reading.HEAD and self.head.in_fields:
            self.head.data = self.data + self.position
            self.refused_head = self.head.method_is(b"HEAD", 4)
        if self.reading != Reading.ENDED and self.reading != Reading.BROKEN:
            self.move(Reading.BROKEN)
        self.position = self.end
        return Event.REFUSED

    def finish(self):
        """The request has been answered, and it was read to its end: the next may begin."""
        self.request = None
        if self.reading == Reading.COMPLETE:
            self.move(Reading.BETWEEN)
        return 0

    def upgrade(self):
        """HTTP is over: whoever answered so takes what comes out of data[position:end] himself."""
        self.move(Reading.UPGRADED)

    def move(self, target: Reading):
        assert may_move(self.reading, target)
        self.reading = target
