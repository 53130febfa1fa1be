"""The lines of a chunked body: sizes and trailers (RFC 9112 section 7.1)."""

import cython
from cython.cimports.gearshift.http.body import ChunkLine
from cython.cimports.gearshift.http.grammar import (
    has_control,
    hexadecimal,
    is_token,
    quoted_length,
    same_word,
    token_length,
)
from cython.cimports.gearshift.http.refusals import Refusal
from cython.cimports.libc.string import memchr

LONGEST_EXTENSIONS = 4096  # bytes in one body
_LONGEST_EXTENSIONS = cython.declare(cython.Py_ssize_t, LONGEST_EXTENSIONS)


def parse_chunk_line(
    data: cython.p_const_char, length: cython.Py_ssize_t, line: cython.pointer[ChunkLine]
) -> cython.Py_ssize_t:
    """chunk-size [ chunk-ext ] CRLF: 1 to 16 hexadecimal digits, then CR LF or a semicolon, nothing else."""
    digits: cython.Py_ssize_t = 0
    value: cython.int
    line.size = 0
    line.extension = 0
    while digits < length:
        value = hexadecimal(cython.cast(cython.uchar, data[digits]))
        if value < 0:
            break
        if digits == 16:
            return -Refusal.CHUNK_SIZE_INVALID
        line.size = (line.size << 4) | cython.cast(cython.uint, value)
        digits += 1
    if digits == length:
        return 0
    if digits == 0:
        return -Refusal.CHUNK_SIZE_INVALID
    if data[digits] == b"\r":
        if digits + 1 == length:
            return 0
        return digits + 2 if data[digits + 1] == b"\n" else -Refusal.BARE_LINE_END
    if data[digits] != b";":
        return -Refusal.CHUNK_SIZE_INVALID
    return _extension(data, digits, length, line)


def _extension(
    data: cython.p_const_char,
    start: cython.Py_ssize_t,
    length: cython.Py_ssize_t,
    line: cython.pointer[ChunkLine],
) -> cython.Py_ssize_t:
    """Extensions are read over, never interpreted; but no byte may end the line for somebody else."""
    line_feed: cython.p_const_char = cython.cast(
        cython.p_const_char, memchr(data + start, 10, length - start)
    )
    end: cython.Py_ssize_t = length if line_feed == cython.NULL else line_feed - data
    bare: cython.bint = data[end - 1] != b"\r"
    if not bare:
        end -= 1
    line.extension = end - start
    if line.extension > _LONGEST_EXTENSIONS or has_control(data + start, end - start):
        return -Refusal.CHUNK_EXTENSION
    if line_feed == cython.NULL:
        return 0
    if bare:
        return -Refusal.BARE_LINE_END
    if not _are_extensions(data, start, end):
        return -Refusal.CHUNK_EXTENSION
    return line_feed - data + 1


def _are_extensions(data: cython.p_const_char, at: cython.Py_ssize_t, end: cython.Py_ssize_t) -> cython.bint:
    """*( BWS ";" BWS name [ BWS "=" BWS value ] ), by the letter (RFC 9112 section 7.1.1).

    A quoted value that the line leaves open goes on behind it for some: there the chunk's data would begin later.
    """
    value: cython.Py_ssize_t
    length: cython.Py_ssize_t
    while at < end:
        at = _behind_blanks(data, at, end)
        if at == end or data[at] != b";":
            return False
        at = _behind_blanks(data, at + 1, end)
        length = token_length(data + at, end - at)
        if length == 0:
            return False
        at += length
        value = _behind_blanks(data, at, end)
        if value < end and data[value] == b"=":
            at = _behind_blanks(data, value + 1, end)
            length = token_length(data + at, end - at) or quoted_length(data + at, end - at)
            if length == 0:
                return False
            at += length
    return True


def _behind_blanks(
    data: cython.p_const_char, at: cython.Py_ssize_t, end: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    while at < end and (data[at] == b" " or data[at] == b"\t"):
        at += 1
    return at


def parse_trailer_line(
    data: cython.p_const_char, length: cython.Py_ssize_t, most: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """A trailer field is held to a header's rules; those that frame or route are refused (RFC 9110 6.5.1).

    `most`: the bytes it may have, its line end not counted.
    """
    line_feed: cython.p_const_char = cython.cast(cython.p_const_char, memchr(data, 10, length))
    end: cython.Py_ssize_t = length if line_feed == cython.NULL else line_feed - data
    stop: cython.Py_ssize_t = end - 1 if end > 0 and data[end - 1] == b"\r" else end
    name: cython.Py_ssize_t
    if has_control(data, min(stop, most)):
        return -Refusal.TRAILER_INVALID
    if stop > most:
        return -Refusal.FIELD_TOO_LONG
    if line_feed == cython.NULL:
        return 0
    if stop == end:
        return -Refusal.BARE_LINE_END
    end = stop
    if end == 0:
        return 2
    line_feed = cython.cast(cython.p_const_char, memchr(data, 58, end))
    if line_feed == cython.NULL:
        return -Refusal.TRAILER_INVALID
    name = line_feed - data
    if not is_token(data, name) or frames(data, name):
        return -Refusal.TRAILER_INVALID
    return end + 2


def frames(name: cython.p_const_char, length: cython.Py_ssize_t) -> cython.bint:
    """Whether the field of that name frames or routes a message: never in a trailer section, of either side."""
    return (
        (length == 4 and same_word(name, b"host", 4))
        or (length == 7 and same_word(name, b"trailer", 7))
        or (length == 10 and same_word(name, b"connection", 10))
        or (length == 14 and same_word(name, b"content-length", 14))
        or (length == 17 and same_word(name, b"transfer-encoding", 17))
    )
