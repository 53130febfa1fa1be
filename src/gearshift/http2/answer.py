"""Reads the answers of an inner connection: HTTP/1.1, written by this very server, and parsed strictly all the same.

Bytes in, what they mean out, one thing after another. What breaks off, or is framed in a way that the server does not
use within, is broken. Heads come again and again, so those that were read lately are known as they stand.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.http2.answer import Part, Told, memmem

LONGEST_HEAD = cython.declare(cython.Py_ssize_t, 1048576)  # bytes; an application's own fields
LONGEST_LINE = cython.declare(cython.Py_ssize_t, 65536)  # bytes of a chunk's size or of a trailer
MOST_REMEMBERED = cython.declare(cython.Py_ssize_t, 256)  # heads, and as many lines
LONGEST_REMEMBERED = cython.declare(cython.Py_ssize_t, 1024)  # bytes
OF_THE_CONNECTION = cython.declare(
    frozenset,
    frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")),
)
HEXADECIMAL = cython.declare(frozenset, frozenset(b"0123456789abcdefABCDEF"))
_NAMES = {
    Part.HEAD: "head",
    Part.SIZED: "sized body",
    Part.CHUNK_SIZE: "chunk size",
    Part.CHUNK_DATA: "chunk data",
    Part.CHUNK_END: "chunk end",
    Part.TRAILERS: "trailers",
}

_heads = cython.declare(dict, {})  # of all readers; under the interpreter's lock each use is one step
_lines = cython.declare(dict, {})


class BrokenAnswer(Exception):
    """What came is no answer, or ended before its end."""


class AnswerHead:
    """fields: with :status first, and none of the connection's. length: -1 where it is not said."""


class AnswerReader:
    """Reads one answer. method: of the request. part: what comes next. keeps: another request may follow it."""

    def __init__(self, method: bytes):
        self.bodiless = method == b"HEAD"
        self.part = Part.HEAD
        self.keeps = True

    def take(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        """The next thing that these bytes bring; `taken` says how many it needed. Raises BrokenAnswer."""
        told: Told = Told.NOTHING
        self.taken = 0
        while told == Told.NOTHING and self.taken < size:
            told = self._step(data + self.taken, size - self.taken)
        return told

    def end(self) -> None:
        """Nothing more comes. Raises BrokenAnswer where something was due."""
        if self.part == Part.TUNNEL:
            self.part = Part.DONE
        if self.part != Part.DONE:
            raise BrokenAnswer(f"it ended before its {_NAMES[self.part]}")

    def read(self, data: bytes) -> list:
        """All that these bytes bring: (Told, a head's or trailers' fields or bytes)."""
        events: list = []
        at: cython.Py_ssize_t = 0
        start: cython.p_const_char = PyBytes_AS_STRING(data)
        while at < len(data):
            told: Told = self.take(start + at, len(data) - at)
            if told == Told.DATA:
                events.append((told, PyBytes_FromStringAndSize(start + at + self.skipped, self.length)))
            elif told == Told.TRAILING:
                events.append((told, self.trailers))
            elif told != Told.NOTHING:
                events.append((told, self.head.fields))
            at += self.taken
        return events

    def _step(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        part: Part = self.part
        if part == Part.HEAD:
            return self._head(data, size)
        if part == Part.SIZED or part == Part.CHUNK_DATA:
            self.skipped = self.taken
            self.length = min(self.due, size)
            self.taken += self.length
            self.due -= self.length
            if self.due == 0:
                self.part = Part.DONE if part == Part.SIZED else Part.CHUNK_END
            return Told.DATA
        if part == Part.TUNNEL:
            self.skipped = self.taken
            self.length = size
            self.taken += size
            return Told.DATA
        if part == Part.DONE:
            raise BrokenAnswer("bytes behind the end")
        line: bytes = self._until(data, size, b"\r\n", LONGEST_LINE)
        return Told.NOTHING if line is None else self._line(line)

    def _until(
        self, data: cython.p_const_char, size: cython.Py_ssize_t, mark: bytes, most: cython.Py_ssize_t
    ):
        """What comes before the mark, joined with what has come before; None as long as it has not come."""
        before: cython.Py_ssize_t = 0
        text: bytes
        found: cython.p_const_char
        if self.held is not None:
            before = PyBytes_GET_SIZE(self.held)
            text = self.held + PyBytes_FromStringAndSize(data, size)
            data = PyBytes_AS_STRING(text)
            size = PyBytes_GET_SIZE(text)
        found = cython.cast(
            cython.p_const_char, memmem(data, size, PyBytes_AS_STRING(mark), PyBytes_GET_SIZE(mark))
        )
        if found == cython.NULL:
            if size > most:
                raise BrokenAnswer("a head or a line without an end")
            self.held = PyBytes_FromStringAndSize(data, size)
            self.taken += size - before
            return None
        self.held = None
        self.taken += found - data + PyBytes_GET_SIZE(mark) - before
        return PyBytes_FromStringAndSize(data, found - data)

    def _line(self, line: bytes):
        """Of the chunked coding."""
        if self.part == Part.CHUNK_END:
            if line:
                raise BrokenAnswer("a chunk that is longer than its size")
            self.part = Part.CHUNK_SIZE
        elif self.part == Part.CHUNK_SIZE:
            if not line or len(line) > 15 or not HEXADECIMAL.issuperset(line):
                raise BrokenAnswer("a chunk's size")
            self.due = int(line, 16)
            self.part = Part.CHUNK_DATA if self.due else Part.TRAILERS
        elif line:
            if self.trailers is None:
                self.trailers = []
            self.trailers.append(_field(line))
        else:
            self.part = Part.DONE
            if self.trailers is not None:
                return Told.TRAILING
        return Told.NOTHING

    def _head(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        text: bytes = self._until(data, size, b"\r\n\r\n", LONGEST_HEAD)
        if text is None:
            return Told.NOTHING
        head: AnswerHead = _heads.get(text)
        if head is None:
            head = _parsed(text)
            if PyBytes_GET_SIZE(text) <= LONGEST_REMEMBERED:
                if len(_heads) >= MOST_REMEMBERED:
                    _heads.clear()
                _heads[text] = head
        self.head = head
        if head.status < 200 and head.status != 101:
            return Told.INTERIM
        if head.closes:
            self.keeps = False
        self.due = max(head.length, 0)
        self.part = self._after_head(head)
        return Told.FINAL

    def _after_head(self, head: AnswerHead):
        """RFC 9112 section 6.3."""
        if head.status == 101:
            self.keeps = False
            return Part.TUNNEL
        if self.bodiless or head.status == 204 or head.status == 304:
            return Part.DONE
        if head.chunked:
            return Part.CHUNK_SIZE
        if head.length < 0:
            raise BrokenAnswer("a body that nothing frames")
        return Part.SIZED if head.length else Part.DONE


def _parsed(text: bytes):
    lines: list = text.split(b"\r\n")
    first: bytes = lines[0]
    status: bytes = first[9:12]
    if not first.startswith(b"HTTP/1.1 ") or not status.isdigit() or first[12:13] != b" ":
        raise BrokenAnswer("a status line")
    head: AnswerHead = AnswerHead()
    head.status = int(status)
    head.length = -1
    head.fields = [(b":status", status)]
    for line in lines[1:]:
        field = _field(line)
        name, value = field
        if name in OF_THE_CONNECTION:
            head.chunked |= name == b"transfer-encoding" and value == b"chunked"
            head.closes |= name == b"connection" and b"close" in value.lower()
            continue
        if name == b"content-length":
            head.length = int(value)
        head.fields.append(field)
    return head


def _field(line: bytes):
    field = _lines.get(line)
    if field is not None:
        return field
    name, colon, value = line.partition(b":")
    if not colon or not name:
        raise BrokenAnswer("a field line")
    field = name.lower(), value.strip(b" \t")
    if len(line) <= LONGEST_REMEMBERED:
        if len(_lines) >= MOST_REMEMBERED:
            _lines.clear()
        _lines[line] = field
    return field
