"""Reads answers (RFC 9112) as they come: where each ends, its status, and whether the connection goes on.

Nothing of a body is kept, and of a head only the line that is not complete yet; so an answer in one piece is read
where it lies, and one that comes byte by byte costs no more. What is not HTTP/1 is known by its first bytes.
"""

import cython
from cython.cimports.gearshift.http.body import ChunkLine, parse_chunk_line, parse_trailer_line
from cython.cimports.gearshift.http.grammar import decimal, has_control, has_option, is_token, same_word
from cython.cimports.gearshift.load.answer import Line, Part
from cython.cimports.libc.limits import LLONG_MAX
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.stdlib import free, realloc
from cython.cimports.libc.string import memchr, memcmp, memcpy

MALFORMED = cython.declare(cython.int, -1)
LONGEST_LINES = cython.declare(cython.Py_ssize_t, 1 << 18)  # bytes of a head and its trailers


class AnswerReader:
    """Reads one answer. to_head: whether it answers a HEAD request, so that it has no body."""

    def __cinit__(self, to_head: cython.bint = False):
        begin_answer(cython.address(self.answer), to_head)

    def __dealloc__(self):
        forget_answer(cython.address(self.answer))

    def feed(self, data: bytes) -> int:
        """Reads on; how many of the bytes belong to this answer. Raises ValueError where it is malformed."""
        used: cython.Py_ssize_t = MALFORMED
        if not self.broken:
            used = read_answer(cython.address(self.answer), data, len(data))
        if used < 0:
            self.broken = True
            raise ValueError("malformed answer")
        return used

    def end(self) -> bool:
        """The connection has ended: whether the answer is whole, now or already."""
        if not self.broken and ends_whole(cython.address(self.answer)):
            self.answer.part = Part.WHOLE
        return self.whole

    @property
    def whole(self) -> bool:
        return not self.broken and self.answer.part == Part.WHOLE

    @property
    def status(self) -> int:
        """Of its status line; 0 before that has come."""
        return self.answer.status

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection may be used again."""
        return not self.answer.close


def begin_answer(answer, to_head):
    answer.part = Part.STATUS_LINE
    answer.to_head = to_head
    answer.status = 0
    answer.close = answer.old = answer.keep = False
    answer.chunked = answer.counted = answer.about_framing = False
    answer.left = 0
    answer.lines = answer.length = 0


def forget_answer(answer):
    free(answer.line)
    answer.line = cython.NULL
    answer.length = answer.room = 0


def ends_whole(answer):
    """Whether an end of the connection here completes the answer."""
    return answer.part == Part.WHOLE or answer.part == Part.UNTIL_CLOSE


def read_answer(answer, data, length):
    """How many of the bytes belong to this answer, which may be WHOLE then; below 0 where it is malformed."""
    at: cython.Py_ssize_t = 0
    used: cython.Py_ssize_t
    while at < length and answer.part != Part.WHOLE:
        if answer.part == Part.UNTIL_CLOSE:
            return length
        if answer.part == Part.COUNTED or answer.part == Part.CHUNK or answer.part == Part.CHUNK_END:
            used = _read_body(answer, data + at, length - at)
        else:
            used = _read_line(answer, data + at, length - at)
        if used < 0:
            return MALFORMED
        at += used
    return at


def _read_body(answer, data, length):
    size: cython.Py_ssize_t
    if answer.part == Part.CHUNK_END:
        if (answer.left == 2 and data[0] != b"\r") or (answer.left == 1 and data[0] != b"\n"):
            return MALFORMED
        answer.left -= 1
        if answer.left == 0:
            answer.part = Part.CHUNK_LINE
        return 1
    size = (
        length if cython.cast(uint64_t, length) < answer.left else cython.cast(cython.Py_ssize_t, answer.left)
    )
    answer.left -= size
    if answer.left == 0:
        if answer.part == Part.COUNTED:
            answer.part = Part.WHOLE
        else:
            answer.part = Part.CHUNK_END
            answer.left = 2
    return size


def _read_line(answer, data, length):
    line: Line
    end: cython.p_const_char = cython.cast(cython.p_const_char, memchr(data, 10, length))
    size: cython.Py_ssize_t = length if end == cython.NULL else end - data + 1
    if answer.lines + answer.length + size > LONGEST_LINES:
        return MALFORMED
    if end == cython.NULL or answer.length:
        if _keep(answer, data, size) < 0:
            return MALFORMED
        if end == cython.NULL:
            return size if _may_begin(answer) else MALFORMED
        line.text = answer.line
        line.length = answer.length
        answer.length = 0
    else:
        line.text = data
        line.length = size
    # A bare LF may end a line of the head (RFC 9112 section 2.2).
    line.bare = line.length - 1
    if line.bare and line.text[line.bare - 1] == b"\r":
        line.bare -= 1
    if answer.part != Part.CHUNK_LINE:
        answer.lines += line.length
    return size if _understand(answer, cython.address(line)) == 0 else MALFORMED


def _keep(answer, data, length):
    """Puts the bytes behind what there is of a line."""
    room: cython.Py_ssize_t = 2 * (answer.length + length)
    larger: cython.p_char
    if answer.length + length > answer.room:
        larger = cython.cast(cython.p_char, realloc(answer.line, room))
        if larger == cython.NULL:
            return MALFORMED
        answer.line = larger
        answer.room = room
    memcpy(answer.line + answer.length, data, length)
    answer.length += length
    return 0


def _may_begin(answer):
    """Whether what there is of a line may become one: other protocols on this port may never end theirs."""
    return answer.part != Part.STATUS_LINE or not memcmp(answer.line, b"HTTP/1.", min(answer.length, 7))


def _understand(answer, line):
    if answer.part == Part.FIELD_LINE:
        return _field_line(answer, line) if line.bare else _head_ends(answer)
    if answer.part == Part.STATUS_LINE:
        return _status_line(answer, line)
    if answer.part == Part.CHUNK_LINE:
        return _chunk_line(answer, line)
    if parse_trailer_line(line.text, line.length, LONGEST_LINES) != line.length:
        return MALFORMED
    if line.bare == 0:
        answer.part = Part.WHOLE
    return 0


def _status_line(answer, line):
    """HTTP-version SP status-code [ SP reason-phrase ] (RFC 9112 section 4)."""
    status: cython.longlong
    if line.bare < 12 or memcmp(line.text, b"HTTP/1.", 7) or line.text[8] != b" ":
        return MALFORMED
    if decimal(line.text + 7, 1) < 0 or has_control(line.text, line.bare):
        return MALFORMED
    status = decimal(line.text + 9, 3)
    if status < 100 or (line.bare > 12 and line.text[12] != b" "):
        return MALFORMED
    answer.status = cython.cast(cython.int, status)
    answer.old = line.text[7] == b"0"
    answer.part = Part.FIELD_LINE
    return 0


def _field_line(answer, line):
    colon: cython.p_const_char
    start: cython.Py_ssize_t
    end: cython.Py_ssize_t = line.bare
    if has_control(line.text, line.bare):
        return MALFORMED
    if line.text[0] == b" " or line.text[0] == b"\t":
        # A folded line goes on with the value before (RFC 9112 section 5.2), which must not frame the message.
        return MALFORMED if answer.about_framing else 0
    colon = cython.cast(cython.p_const_char, memchr(line.text, 58, line.bare))
    if colon == cython.NULL or not is_token(line.text, colon - line.text):
        return MALFORMED
    start = colon - line.text + 1
    while start < end and (line.text[start] == b" " or line.text[start] == b"\t"):
        start += 1
    while end > start and (line.text[end - 1] == b" " or line.text[end - 1] == b"\t"):
        end -= 1
    answer.about_framing = False
    return _known_field(answer, line.text, colon - line.text, line.text + start, end - start)


def _known_field(answer, name, name_length, value, length):
    if name_length == 14 and same_word(name, b"content-length", 14):
        return _content_length(answer, value, length)
    if name_length == 17 and same_word(name, b"transfer-encoding", 17):
        # No other coding was asked for, and none but this may be the last (RFC 9112 section 6.1).
        if answer.chunked or length != 7 or not same_word(value, b"chunked", 7):
            return MALFORMED
        answer.chunked = answer.about_framing = True
    elif name_length == 10 and same_word(name, b"connection", 10):
        answer.close |= has_option(value, length, b"close", 5)
        answer.keep |= has_option(value, length, b"keep-alive", 10)
        answer.about_framing = True
    return 0


def _content_length(answer, value, length):
    """Several equal values are one (RFC 9112 section 6.3)."""
    start: cython.Py_ssize_t = 0
    stop: cython.Py_ssize_t
    end: cython.Py_ssize_t
    found: cython.longlong
    while start <= length:
        while start < length and (value[start] == b" " or value[start] == b"\t"):
            start += 1
        stop = start
        while stop < length and value[stop] != b",":
            stop += 1
        end = stop
        while end > start and (value[end - 1] == b" " or value[end - 1] == b"\t"):
            end -= 1
        found = decimal(value + start, end - start)
        if found < 0 or found == LLONG_MAX:
            return MALFORMED
        if answer.counted and answer.left != cython.cast(uint64_t, found):
            return MALFORMED
        answer.left = found
        answer.counted = answer.about_framing = True
        start = stop + 1
    return 0


def _head_ends(answer):
    """What delimits the body (RFC 9112 section 6.3)."""
    if answer.status < 200:
        if answer.status == 101:
            return MALFORMED  # nothing else was offered
        begin_answer(answer, answer.to_head)
        return 0
    answer.close |= answer.old and not answer.keep
    if answer.to_head or answer.status == 204 or answer.status == 304:
        answer.part = Part.WHOLE
    elif answer.chunked:
        answer.part = Part.CHUNK_LINE
    elif answer.counted:
        answer.part = Part.COUNTED if answer.left else Part.WHOLE
    else:
        answer.part = Part.UNTIL_CLOSE
        answer.close = True
    return 0


def _chunk_line(answer, line):
    chunk: ChunkLine
    if parse_chunk_line(line.text, line.length, cython.address(chunk)) != line.length:
        return MALFORMED
    answer.left = chunk.size
    answer.part = Part.CHUNK if chunk.size else Part.TRAILER_LINE
    return 0
