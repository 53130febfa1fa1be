"""Frames read (RFC 9113 sections 3.4, 4 and 6): octets in, one frame after another out, header blocks whole.

What is wrong with a frame by itself is refused here, and as soon as its first nine octets say so; what is wrong with it
where its stream stands, in the codec. Every such fault ends the connection, as the RFC allows where it asks for less.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.http2.codes import ErrorCode
from cython.cimports.gearshift.http2.frame_reader import ANY, NONE, ONE
from cython.cimports.gearshift.http2.frames import (
    HEADER_LENGTH,
    SMALLEST_FRAME_LIMIT,
    Flag,
    FrameKind,
    read_number,
)
from cython.cimports.libc.string import memcmp

from gearshift.http2.codes import Http2Error

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PREFACE_LENGTH = cython.declare(cython.Py_ssize_t, len(PREFACE))
_PREFACE = cython.declare(bytes, PREFACE)
MOST_CONTINUED = cython.declare(cython.int, 64)  # CONTINUATION frames of one block

# By kind: whether it speaks of a stream, and how long it is.
_of_stream = cython.declare(cython.int[10])
_length = cython.declare(cython.int[10])  # octets exactly; 0: it varies
for _kind, _rule in enumerate((ONE, ONE, ONE, ONE, NONE, ONE, NONE, NONE, ANY, ONE)):
    _of_stream[_kind] = _rule
for _kind, _octets in enumerate((0, 0, 5, 4, 0, 0, 8, 0, 4, 0)):
    _length[_kind] = _octets


class FrameReader:
    """most_block: octets of a header block, as it comes. kind, flags, stream: of the frame at hand, whose payload has
    neither padding nor priority any more; credit: octets that it takes of the windows.
    """

    def __init__(self, most_block: cython.Py_ssize_t):
        self.most_block = most_block
        self.data = b""
        self.greeting = self.first = True

    def feed(self, data: bytes):
        """What has come, behind what was not whole. Raises nothing: next() does."""
        self.data = data if self.at == PyBytes_GET_SIZE(self.data) else self.data[self.at :] + data
        self.at = 0
        return 0

    def next(self) -> cython.bint:
        """Whether another frame is whole. Raises Http2Error."""
        start: cython.p_const_uchar = cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(self.data))
        size: cython.Py_ssize_t = PyBytes_GET_SIZE(self.data)
        place: cython.p_const_uchar
        length: cython.Py_ssize_t
        if self.greeting and not self._preface():
            return False
        while size - self.at >= HEADER_LENGTH:
            place = start + self.at
            length = (
                (cython.cast(cython.Py_ssize_t, place[0]) << 16)
                | (cython.cast(cython.Py_ssize_t, place[1]) << 8)
                | place[2]
            )
            self.kind = place[3]
            self.flags = place[4]
            self.stream = read_number(place + 5) & 0x7FFFFFFF
            self._judge(length)
            if size - self.at < HEADER_LENGTH + length:
                return False
            self.at += HEADER_LENGTH + length
            self.first = False
            self.payload = place + HEADER_LENGTH
            self.length = self.credit = length
            if self.kind == FrameKind.DATA or self.kind == FrameKind.HEADERS:
                self._unwrap()
            if self.kind != FrameKind.HEADERS and self.kind != FrameKind.CONTINUATION:
                return True
            if self._block():
                return True
        return False

    def _preface(self) -> cython.bint:
        size: cython.Py_ssize_t = min(PyBytes_GET_SIZE(self.data), PREFACE_LENGTH)
        if memcmp(PyBytes_AS_STRING(self.data), PyBytes_AS_STRING(_PREFACE), size):
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "no preface")
        if size < PREFACE_LENGTH:
            return False
        self.at = size
        self.greeting = False
        return True

    def _judge(self, length: cython.Py_ssize_t):
        """By its first nine octets."""
        kind: cython.int = self.kind
        if length > SMALLEST_FRAME_LIMIT:
            raise Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a frame that is too large")
        if self.first and (kind != FrameKind.SETTINGS or self.flags & Flag.ACK):
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "the first frame is no SETTINGS")
        if kind == FrameKind.CONTINUATION:
            if self.block_of == 0 or self.stream != self.block_of:
                raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a CONTINUATION of nothing, or of another stream")
        elif self.block_of != 0:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a header block is broken into")
        if (kind == FrameKind.HEADERS or kind == FrameKind.CONTINUATION) and (
            self.gathered + length > self.most_block or self.continued >= MOST_CONTINUED
        ):
            raise Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "a header block above the limit")
        if kind > FrameKind.CONTINUATION:
            return 0
        if kind == FrameKind.PUSH_PROMISE:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a client's PUSH_PROMISE")
        if _of_stream[kind] == (NONE if self.stream != 0 else ONE):
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a frame of the wrong stream")
        return self._judge_length(length)

    def _judge_length(self, length: cython.Py_ssize_t):
        kind: cython.int = self.kind
        wrong: cython.bint = _length[kind] != 0 and _length[kind] != length
        if kind == FrameKind.SETTINGS:
            wrong = length > 0 if self.flags & Flag.ACK else length % 6 != 0
        elif kind == FrameKind.GOAWAY:
            wrong = length < 8
        if wrong:
            raise Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a frame of the wrong length")
        return 0

    def _unwrap(self):
        """Takes padding and priority off (sections 6.1 and 6.2)."""
        padding: cython.Py_ssize_t = 0
        if self.flags & Flag.PADDED:
            if self.length < 1:
                raise Http2Error(ErrorCode.FRAME_SIZE_ERROR, "padding without a length")
            padding = self.payload[0]
            self._skip(1)
        if self.kind == FrameKind.HEADERS and self.flags & Flag.PRIORITIZED:
            if self.length < 5:
                raise Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a priority that is cut short")
            self.judge_priority()
            self._skip(5)
        if padding > self.length:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "more padding than payload")
        self.length -= padding
        return 0

    def judge_priority(self):
        """RFC 7540 section 5.3.1, which clients may still keep to."""
        if read_number(self.payload) & 0x7FFFFFFF == self.stream:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself")
        return 0

    def _skip(self, size: cython.Py_ssize_t):
        self.payload += size
        self.length -= size

    def _block(self) -> cython.bint:
        """Whether a header block is whole: then it is the payload, and the frame is its HEADERS."""
        if self.kind == FrameKind.HEADERS:
            self.block_flags = self.flags
            if self.flags & Flag.END_HEADERS:
                return True
            self.pieces = []
            self.block_of = self.stream
        else:
            self.continued += 1
        self.gathered += self.length
        self.pieces.append(
            PyBytes_FromStringAndSize(cython.cast(cython.p_const_char, self.payload), self.length)
        )
        if not self.flags & Flag.END_HEADERS:
            return False
        self.block = b"".join(self.pieces)
        self.pieces = None
        self.payload = cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(self.block))
        self.length = PyBytes_GET_SIZE(self.block)
        self.kind = FrameKind.HEADERS
        self.flags = self.block_flags
        self.block_of = self.gathered = self.continued = 0
        return True
