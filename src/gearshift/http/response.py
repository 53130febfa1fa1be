"""One answer, validated and framed: the head, then body pieces, then its end (RFC 9112 sections 6 and 7).

What an application gets wrong is a ResponseError, raised before a byte of the wrong thing is written.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.http.body import frames
from cython.cimports.gearshift.http.date import DateLine
from cython.cimports.gearshift.http.grammar import decimal, has_control, has_option, is_token, same_word
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.request import Request
from cython.cimports.gearshift.http.states import Framing
from cython.cimports.libc.string import memcpy

from gearshift.http.reasons import REASON_PHRASES

_STATUS_200 = cython.declare(cython.p_const_char, b"HTTP/1.1 200 OK\r\n")
_SERVER = cython.declare(cython.p_const_char, b"Server: gearshift\r\n")
_LENGTH = cython.declare(cython.p_const_char, b"Content-Length: ")
_CHUNKED = cython.declare(cython.p_const_char, b"Transfer-Encoding: chunked\r\n")
_CLOSE = cython.declare(cython.p_const_char, b"Connection: close\r\n")
_KEEP_ALIVE = cython.declare(cython.p_const_char, b"Connection: keep-alive\r\n")
_UPGRADE = cython.declare(cython.p_const_char, b"Connection: upgrade\r\n")
_CLOSE_UPGRADE = cython.declare(cython.p_const_char, b"Connection: close, upgrade\r\n")


class ResponseError(Exception):
    """An application's answer that can't be sent as HTTP; the text says what is wrong."""


def reason_of(status: cython.int):
    return REASON_PHRASES.get(status, b"Unknown")


class Response:
    """The answer to one request, written piece by piece into an Output."""

    def __cinit__(self):
        self.framing = Framing.UNDECIDED
        self.declared = -1

    def answers(self, request: Request):
        """Takes from the request what decides the framing. Without a call: an answer to garbage, then close."""
        self.is_head = request.method_is(b"HEAD", 4)
        self.is_http10 = request.minor == 0
        self.close = request.wants_close or (request.minor == 0 and not request.wants_keep_alive)
        return 0

    def begin(
        self, output: Output, status: cython.int, reason: cython.p_const_char, length: cython.Py_ssize_t
    ):
        place: cython.p_char
        if status < 200 or status > 999:
            raise ResponseError(f"the status of an answer must be 200 to 999, not {status}")
        if has_control(reason, length):
            raise ResponseError("a control character in the reason phrase")
        self.status = status
        if status == 200 and length == 2 and reason[0] == b"O" and reason[1] == b"K":
            output.write(_STATUS_200, 17)
            self.written = 17
            return 0
        place = output.room(15 + length)
        memcpy(place, _STATUS_200, 9)
        place[9] = cython.cast(cython.char, 48 + status // 100)
        place[10] = cython.cast(cython.char, 48 + status // 10 % 10)
        place[11] = cython.cast(cython.char, 48 + status % 10)
        place[12] = 32
        memcpy(place + 13, reason, length)
        place[13 + length] = 13
        place[14 + length] = 10
        output.added(15 + length)
        self.written = 15 + length
        return 0

    def field(
        self,
        output: Output,
        name: cython.p_const_char,
        name_length: cython.Py_ssize_t,
        value: cython.p_const_char,
        length: cython.Py_ssize_t,
    ):
        """One field of the head. Framing and Connection are the server's: what is said there is heard."""
        place: cython.p_char
        if not is_token(name, name_length):
            raise ResponseError(f"{name[:name_length]!r} is no header name")
        if has_control(value, length):
            raise ResponseError(f"a control character in the value of {name[:name_length]!r}")
        if name_length == 4 and same_word(name, b"date", 4):
            self.has_date = True
        elif name_length == 6 and same_word(name, b"server", 6):
            self.has_server = True
        elif name_length == 7 and same_word(name, b"upgrade", 7):
            self.offers_upgrade = True
        elif name_length == 10 and same_word(name, b"connection", 10):
            self.close |= has_option(value, length, b"close", 5)
            return 0
        elif name_length == 14 and same_word(name, b"content-length", 14):
            if self.declared >= 0 and self.declared != decimal(value, length):
                raise ResponseError("two Content-Length fields that differ")
            self.declared = decimal(value, length)
            if self.declared < 0:
                raise ResponseError(f"Content-Length must be decimal digits, not {value[:length]!r}")
            return 0
        elif name_length == 17 and same_word(name, b"transfer-encoding", 17):
            # Dropped, so that it must have said nothing of the bytes themselves.
            if not (length == 7 and same_word(value, b"chunked", 7)) and not (
                length == 8 and same_word(value, b"identity", 8)
            ):
                raise ResponseError(f"Transfer-Encoding can only be chunked, not {value[:length]!r}")
            return 0
        place = output.room(name_length + length + 4)
        memcpy(place, name, name_length)
        place[name_length] = 58
        place[name_length + 1] = 32
        memcpy(place + name_length + 2, value, length)
        place[name_length + length + 2] = 13
        place[name_length + length + 3] = 10
        output.added(name_length + length + 4)
        self.written += name_length + length + 4
        return 0

    def lines(self, output: Output, lines: bytes):
        """Header lines made and checked before; they hold nothing that frames."""
        output.write(PyBytes_AS_STRING(lines), PyBytes_GET_SIZE(lines))
        self.written += PyBytes_GET_SIZE(lines)
        return 0

    def finish_head(self, output: Output, date: DateLine, length: cython.longlong):
        """Ends the head. `length` is the body's whole length in bytes where it is known, else -1."""
        digits: cython.char[20]
        count: cython.int = 0
        value: cython.longlong
        place: cython.p_char
        start: cython.p_char
        self._decide_framing(length)
        value = self.declared
        place = start = output.room(160)
        if not self.has_server:
            memcpy(place, _SERVER, 19)
            place += 19
        if not self.has_date:
            memcpy(place, date.text, date.length)
            place += date.length
        if value >= 0 and self.status != 204:
            memcpy(place, _LENGTH, 16)
            place += 16
            while True:
                digits[count] = cython.cast(cython.char, 48 + value % 10)
                value //= 10
                count += 1
                if value == 0:
                    break
            while count > 0:
                count -= 1
                place[0] = digits[count]
                place += 1
            place[0] = 13
            place[1] = 10
            place += 2
        elif self.framing == Framing.BY_CHUNKS:
            memcpy(place, _CHUNKED, 28)
            place += 28
        if self.offers_upgrade and not self.is_http10:
            # RFC 9110 section 7.8: who sends Upgrade names it in Connection, too.
            count = 28 if self.close else 21
            memcpy(place, _CLOSE_UPGRADE if self.close else _UPGRADE, count)
            place += count
        elif self.close:
            memcpy(place, _CLOSE, 19)
            place += 19
        elif self.is_http10:
            memcpy(place, _KEEP_ALIVE, 24)
            place += 24
        place[0] = 13
        place[1] = 10
        output.added(place + 2 - start)
        return 0

    def _decide_framing(self, length: cython.longlong):
        """RFC 9112 section 6.3: which of the ways to end a body this answer uses."""
        if self.status == 204 or self.status == 304:
            if length > 0:
                raise ResponseError(f"a {self.status} answer has no body")
            self.framing = Framing.NO_BODY
            return 0
        if self.status == 205:
            # RFC 9110 section 15.3.6: no content either, but framed, as a client may not know that.
            if length > 0 or self.declared > 0:
                raise ResponseError("a 205 answer has no body")
            self.declared = 0
        if self.declared < 0:
            # A HEAD answer without a body says nothing of the length that GET would have (RFC 9110 section 8.6).
            if length != 0 or not self.is_head:
                self.declared = length
        elif length >= 0 and length != self.declared and not self.is_head:
            raise ResponseError(f"Content-Length says {self.declared}, the body has {length} bytes")
        if self.is_head:
            self.framing = Framing.NO_BODY
        elif self.declared >= 0:
            self.framing = Framing.BY_LENGTH
        elif self.is_http10:
            self.framing = Framing.BY_CLOSE
            self.close = True
        else:
            self.framing = Framing.BY_CHUNKS
        return 0

    def piece(self, output: Output, owner: object, data: cython.p_const_char, length: cython.Py_ssize_t):
        """A piece of the body; `owner` keeps `data` alive where it is not copied."""
        if length == 0 or (self.is_head and self.framing == Framing.NO_BODY):
            return 0
        if self.coding is not None:
            self.coding.take(PyBytes_FromStringAndSize(data, length) if type(owner) is not bytes else owner)
            return 0
        self._account(length)
        if self.framing == Framing.BY_CHUNKS:
            write_hexadecimal(output, length)
            output.write_memory(owner, data, length)
            output.write(b"\r\n", 2)
        else:
            output.write_memory(owner, data, length)
        return 0

    def file(
        self,
        output: Output,
        owner: object,
        descriptor: cython.int,
        offset: cython.longlong,
        length: cython.longlong,
    ):
        """A piece of the body that stands in a file."""
        if length == 0 or (self.is_head and self.framing == Framing.NO_BODY):
            return 0
        if self.coding is not None:
            self.coding.take_file(owner, descriptor, offset, length)
            return 0
        self._account(length)
        if self.framing == Framing.BY_CHUNKS:
            write_hexadecimal(output, length)
            output.write_file(owner, descriptor, offset, length)
            output.write(b"\r\n", 2)
        else:
            output.write_file(owner, descriptor, offset, length)
        return 0

    def _account(self, length: cython.longlong):
        if self.framing == Framing.NO_BODY:
            raise ResponseError(f"a {self.status} answer has no body")
        if self.framing == Framing.BY_LENGTH and self.body_bytes + length > self.declared:
            raise ResponseError(f"the body is longer than its Content-Length of {self.declared}")
        self.body_bytes += length
        return 0

    def end(self, output: Output):
        """The body is complete."""
        if self.coding is not None:
            self.coding.end(None)
            return 0
        if self.framing == Framing.BY_LENGTH and self.body_bytes != self.declared:
            raise ResponseError(
                f"the body ended after {self.body_bytes} of {self.declared} bytes that Content-Length promised"
            )
        if self.framing == Framing.BY_CHUNKS:
            output.write(b"0\r\n\r\n", 5)
        self.framing = Framing.FINISHED
        return 0

    def end_with_trailers(self, output: Output, trailers: list):
        """The body is complete, and these pairs of name and value follow it where chunks allow them."""
        if self.coding is not None:
            self.coding.end(trailers)
            return 0
        if self.framing != Framing.BY_CHUNKS:
            return self.end(output)
        lines = []
        for name, value in trailers:
            name = bytes(name)
            value = bytes(value)
            if not is_token(name, len(name)) or has_control(value, len(value)) or frames(name, len(name)):
                raise ResponseError(f"the trailer {name!r} is malformed")
            lines.append(name + b": " + value + b"\r\n")
        output.write(b"0\r\n", 3)
        output.write_bytes(b"".join(lines))
        output.write(b"\r\n", 2)
        self.framing = Framing.FINISHED
        return 0

    # ---- compressed on its way out -----------------------------------------------------------------------

    def head(self, output: Output):
        """The unfinished head: the status line and the fields so far, without those that frame."""
        return PyBytes_FromStringAndSize(output.buffer + output.end - self.written, self.written)

    def replace_head(self, output: Output, head: bytes):
        output.forget(self.written)
        output.write_bytes(head)
        self.written = PyBytes_GET_SIZE(head)
        return 0

    def press(self, output: Output, date: DateLine):
        """Compresses the next step of what was said. Whether that was the last one."""
        body = self.coding
        pressed: bytes = body.press()
        self.coding = None
        try:
            if body.withheld:
                body.withheld = False
                self.finish_head(output, date, PyBytes_GET_SIZE(pressed) if body.over else -1)
            self.piece(output, pressed, PyBytes_AS_STRING(pressed), PyBytes_GET_SIZE(pressed))
            if body.over and body.trailers is not None:
                self.end_with_trailers(output, body.trailers)
            elif body.over:
                self.end(output)
        finally:
            self.coding = body
        return body.over

    def switch_protocols(self, output: Output, date: DateLine, lines: bytes):
        """101 (RFC 9110 section 15.2.2): what follows is no HTTP. lines: fields made and checked before."""
        self.status = 101
        self.framing = Framing.BY_CLOSE
        self.close = True
        output.write(b"HTTP/1.1 101 Switching Protocols\r\n", 34)
        output.write(_SERVER, 19)
        output.write(date.text, date.length)
        output.write_bytes(lines)
        return output.write(b"\r\n", 2)

    def abandon(self, output: Output):
        """Takes back a head that was begun but not finished: another answer takes its place."""
        output.forget(self.written)
        self.written = 0
        self.declared = -1
        self.coding = None
        self.framing = Framing.UNDECIDED
        self.has_date = False
        self.has_server = False
        self.offers_upgrade = False


def write_hexadecimal(output: Output, value: cython.ulonglong):
    """A chunk's size line."""
    digits: cython.char[16]
    count: cython.int = 0
    digit: cython.int
    place: cython.p_char = output.room(18)
    written: cython.int = 0
    while True:
        digit = cython.cast(cython.int, value & 15)
        digits[count] = cython.cast(cython.char, 48 + digit if digit < 10 else 87 + digit)
        value >>= 4
        count += 1
        if value == 0:
            break
    while count > 0:
        count -= 1
        place[written] = digits[count]
        written += 1
    place[written] = 13
    place[written + 1] = 10
    output.added(written + 2)
    return 0
