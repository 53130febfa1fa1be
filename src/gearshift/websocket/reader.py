"""A client's frames (RFC 6455 section 5): bytes in, messages and control frames out.

Bytes are unmasked and interpreted where the caller holds them; what is copied is the part of a message whose rest has
not come. Whatever can't become right any more is refused at its first byte: a reserved bit, a length past the limit,
text that is no UTF-8.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.cpython.unicode import PyUnicode_DecodeUTF8
from cython.cimports.gearshift.websocket.frames import MOST_CONTROL, Bit, Opcode, may_be_sent, unmask
from cython.cimports.gearshift.websocket.reader import Told, Within
from cython.cimports.gearshift.websocket.utf8 import Utf8Check
from cython.cimports.libc.stdlib import free, realloc
from cython.cimports.libc.string import memcpy

from gearshift.websocket.deflate import InflatedTooLong, NotDeflated

# The same as names for people; a message may begin in HEAD alone, and nothing follows ENDED.
TRANSITIONS = {
    Within.HEAD: (Within.PAYLOAD, Within.ENDED),
    Within.PAYLOAD: (Within.HEAD, Within.INFLATION, Within.ENDED),
    Within.INFLATION: (Within.HEAD, Within.ENDED),
    Within.ENDED: (),
}
_allowed = cython.declare(cython.uint[4])
for _origin, _targets in TRANSITIONS.items():
    _allowed[cython.cast(cython.int, _origin)] = sum(1 << _target for _target in _targets)

# RFC 6455 section 7.4.1.
PROTOCOL_ERROR = cython.declare(cython.int, 1002)
INVALID_TEXT = cython.declare(cython.int, 1007)
TOO_BIG = cython.declare(cython.int, 1009)
NO_CODE = cython.declare(cython.int, 1005)


class Reader:
    """Parameters: the bytes that a message may have, inflated; what inflates, or None (an `Inflater`)."""

    def __cinit__(self, limit: cython.Py_ssize_t, inflater: object = None):
        self.limit = limit
        self.inflater = inflater
        self.within = Within.HEAD
        self.utf8 = Utf8Check()
        self.reason = ""

    def __dealloc__(self):
        free(self.gathered)

    def feed(self, data: bytearray) -> Told:
        """What the bytes mean, up to the first event; they are unmasked in place. `taken` says how many it needed.
        LATER: those of a long message that is inflated in steps; the next call goes on with it.
        """
        return self.take(data, len(data))

    def take(self, data: cython.p_char, size: cython.Py_ssize_t):
        told: Told = Told.GO_ON
        self.taken = 0
        while told == Told.GO_ON:
            if self.within == Within.PAYLOAD:
                told = self._payload(data + self.taken, size - self.taken)
            elif self.within == Within.HEAD:
                told = self._head(data + self.taken, size - self.taken)
            elif self.within == Within.INFLATION:
                told = self._inflate()
            else:
                self.taken = size
                told = Told.MORE
        return told

    # ---- a frame's head ------------------------------------------------------------------------------------

    def _head(self, data: cython.p_char, size: cython.Py_ssize_t):
        """Nothing of it is taken before it is whole; nor of a control frame."""
        bytes_in: cython.p_uchar = cython.cast(cython.p_uchar, data)
        at: cython.Py_ssize_t = 2
        length: cython.ulonglong
        index: cython.int
        if size < 2:
            return Told.MORE
        if self._first_bytes(bytes_in[0], bytes_in[1]):
            return Told.BROKEN
        length = bytes_in[1] & 0x7F
        if length == 126:
            at = 4
        elif length == 127:
            at = 10
        if size < at + 4:
            return Told.MORE
        if at > 2:
            length = 0
            for index in range(2, at):
                length = (length << 8) | bytes_in[index]
            if length >> 63 or length < 126 or (at == 10 and length < 65536):
                return self._break(PROTOCOL_ERROR, "a length that is not written in the fewest bytes")
        opcode: cython.int = bytes_in[0] & Bit.OPCODE
        if opcode & Bit.CONTROL:
            if cython.cast(cython.ulonglong, size - at - 4) < length:
                return Told.MORE
            memcpy(self.key, data + at, 4)
            self.taken += at + 4 + length
            unmask(data + at + 4, length, self.key, 0)
            return self._control(opcode, data + at + 4, length)
        if length > cython.cast(cython.ulonglong, self.limit - self.filled):
            return self._break(TOO_BIG, f"a message of more than {self.limit} bytes")
        if opcode != Opcode.OP_CONTINUATION:
            self.opcode = opcode
            self.compressed = bytes_in[0] & Bit.RSV1 != 0
            self.utf8.restart()
        self.last = bytes_in[0] & Bit.FIN != 0
        memcpy(self.key, data + at, 4)
        self.taken += at + 4
        self.phase = 0
        self.due = length
        self.move(Within.PAYLOAD)
        return Told.GO_ON

    def _first_bytes(self, first: cython.int, second: cython.int):
        """Whether what they say is not allowed (sections 5.2, 5.4 and 5.5): then it is broken."""
        opcode: cython.int = first & Bit.OPCODE
        reserved: cython.int = first & Bit.RESERVED
        wrong = ""
        if reserved and (
            reserved != Bit.RSV1
            or self.inflater is None
            or (opcode != Opcode.OP_TEXT and opcode != Opcode.OP_BINARY)
        ):
            wrong = "a reserved bit"
        elif not second & Bit.MASKED:
            wrong = "a frame without a mask"
        elif opcode & Bit.CONTROL:
            if opcode > Opcode.OP_PONG:
                wrong = "an unknown opcode"
            elif not first & Bit.FIN:
                wrong = "a control frame in fragments"
            elif second & 0x7F > MOST_CONTROL:
                wrong = "a control frame of more than 125 bytes"
        elif opcode > Opcode.OP_BINARY:
            wrong = "an unknown opcode"
        elif opcode == Opcode.OP_CONTINUATION and self.opcode == 0:
            wrong = "a continuation of no message"
        elif opcode != Opcode.OP_CONTINUATION and self.opcode != 0:
            wrong = "a message within another"
        if not wrong:
            return 0
        self._break(PROTOCOL_ERROR, wrong)
        return 1

    # ---- control frames ------------------------------------------------------------------------------------

    def _control(self, opcode: cython.int, payload: cython.p_char, length: cython.Py_ssize_t):
        if opcode == Opcode.OP_CLOSE:
            return self._closing(payload, length)
        self.message = PyBytes_FromStringAndSize(payload, length)
        return Told.PING if opcode == Opcode.OP_PING else Told.PONG

    def _closing(self, payload: cython.p_const_char, length: cython.Py_ssize_t):
        """Section 5.5.1: nothing, or a code and perhaps a reason."""
        code: cython.int = NO_CODE
        reason = ""
        if length == 1:
            return self._break(PROTOCOL_ERROR, "a close frame with half a code")
        if length >= 2:
            code = cython.cast(cython.uchar, payload[0]) * 256 + cython.cast(cython.uchar, payload[1])
            if not may_be_sent(code):
                return self._break(PROTOCOL_ERROR, f"the close code {code}")
            try:
                reason = PyUnicode_DecodeUTF8(payload + 2, length - 2, cython.NULL)
            except UnicodeDecodeError:
                return self._break(INVALID_TEXT, "a close reason that is no UTF-8")
        self.code = code
        self.reason = reason
        self.move(Within.ENDED)
        return Told.CLOSE

    # ---- data frames ---------------------------------------------------------------------------------------

    def _payload(self, data: cython.p_char, size: cython.Py_ssize_t):
        """As much of the frame as has come. A message whole in one frame is not copied before it is an object."""
        length: cython.Py_ssize_t = size
        if self.due < cython.cast(cython.ulonglong, length):
            length = cython.cast(cython.Py_ssize_t, self.due)
        unmask(data, length, self.key, self.phase)
        self.taken += length
        self.due -= length
        self.phase = (self.phase + cython.cast(cython.uint, length)) & 3
        if self.due == 0 and self.last and self.filled == 0 and self.utf8.due == 0:
            return self._message_over(data, length)
        if self.opcode == Opcode.OP_TEXT and not self.compressed and not self.utf8.take(data, length):
            return self._break(INVALID_TEXT, "text that is no UTF-8")
        self._gather(data, length)
        return Told.MORE if self.due > 0 else self._frame_over()

    def _gather(self, piece: cython.p_const_char, length: cython.Py_ssize_t):
        """Room grows with what comes, not with what is announced: that costs a peer nothing."""
        room: cython.Py_ssize_t
        if length == 0:
            return 0
        if self.filled + length > self.capacity:
            room = max(2 * self.capacity, self.filled + length)
            if self.last:
                room = min(room, self.filled + length + cython.cast(cython.Py_ssize_t, self.due))
            wider: cython.p_char = cython.cast(cython.p_char, realloc(self.gathered, room))
            if wider == cython.NULL:
                raise MemoryError
            self.gathered = wider
            self.capacity = room
        memcpy(self.gathered + self.filled, piece, length)
        self.filled += length
        return 0

    def _frame_over(self):
        if not self.last:
            self.move(Within.HEAD)
            return Told.GO_ON
        if self.utf8.due > 0:
            return self._break(INVALID_TEXT, "text that ends within a character")
        return self._message_over(self.gathered, self.filled)

    def _message_over(self, data: cython.p_const_char, length: cython.Py_ssize_t):
        """The message is whole."""
        try:
            if self.compressed:
                self.inflation = self.inflater.inflating(PyBytes_FromStringAndSize(data, length), self.limit)
                self.move(Within.INFLATION)
                return self._inflate()
            return self._told(data, length)
        finally:
            free(self.gathered)
            self.gathered = cython.NULL
            self.filled = self.capacity = 0

    def _inflate(self):
        """A step of it: a long message must not hold a loop."""
        try:
            inflated = self.inflation.step()
        except InflatedTooLong:
            return self._break(TOO_BIG, f"a message of more than {self.limit} bytes")
        except NotDeflated as error:
            return self._break(INVALID_TEXT, str(error))
        if inflated is None:
            return Told.LATER
        self.inflation = None
        if self.opcode != Opcode.OP_TEXT:
            return self._tell(inflated)
        return self._told(PyBytes_AS_STRING(inflated), PyBytes_GET_SIZE(inflated))

    def _told(self, data: cython.p_const_char, length: cython.Py_ssize_t):
        """The message as an object, from its bytes."""
        if self.opcode != Opcode.OP_TEXT:
            return self._tell(PyBytes_FromStringAndSize(data, length))
        try:
            return self._tell(PyUnicode_DecodeUTF8(data, length, cython.NULL))
        except UnicodeDecodeError:
            return self._break(INVALID_TEXT, "text that is no UTF-8")

    def _tell(self, message: object):
        text: cython.bint = self.opcode == Opcode.OP_TEXT
        self.message = message
        self.opcode = 0
        self.move(Within.HEAD)
        return Told.TEXT if text else Told.BINARY

    def _break(self, code: cython.int, reason: str):
        self.code = code
        self.reason = reason
        self.inflation = None
        self.move(Within.ENDED)
        return Told.BROKEN

    def move(self, target: Within):
        assert (_allowed[cython.cast(cython.int, self.within)] >> cython.cast(cython.int, target)) & 1
        self.within = target
