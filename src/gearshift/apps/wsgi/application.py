"""A WSGI application behind an exchange (PEP 3333): the call, start_response, write() and the returned iterable."""

import os

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.gearshift.apps.native import OpenFile
from cython.cimports.gearshift.apps.wsgi.body_input import BodyInput
from cython.cimports.gearshift.apps.wsgi.environ import EnvironBuilder
from cython.cimports.gearshift.apps.wsgi.unicode import (
    PyUnicode_1BYTE_DATA,
    PyUnicode_1BYTE_KIND,
    PyUnicode_GET_LENGTH,
    PyUnicode_KIND,
)
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.exchange import Made, Service
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.http.output import Output

from gearshift.apps.wsgi.errors_stream import ErrorsStream
from gearshift.apps.wsgi.file_wrapper import FileWrapper, first_bytes
from gearshift.http.response import ResponseError

MOST_HELD = cython.declare(cython.longlong, 1048576)  # written output in memory where the engine can't wait
_FileWrapper = cython.declare(object, FileWrapper)
_END = cython.declare(object, object())


class WsgiApplication:
    """A WSGI callable and what its calls share. in_processes: whether other processes may call one like it."""

    def __init__(self, callable: object, error_log: object, in_processes: cython.bint = False):
        self.callable = callable
        self.error_log = error_log
        self.in_processes = in_processes

    def local(self, concurrent: cython.bint):
        return EnvironBuilder(ErrorsStream(self.error_log), FileWrapper, concurrent, self.in_processes)

    def begin(self, channel: Channel, service: Service):
        exchange: WsgiExchange = WsgiExchange()
        exchange.application = self
        exchange.open(channel, service, not channel.driver.can_block)
        return exchange


class StartResponse:
    """The callable given to the application; it keeps what it was told until the first byte of the body."""

    def __call__(self, status, headers, exc_info=None):
        exchange: WsgiExchange = self.exchange
        if exc_info is not None:
            try:
                if exchange is None or exchange.head_written:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status is not None:
            raise AssertionError("start_response was called twice without exc_info")
        if not isinstance(
            status, str
        ):  # a subclass of it, such as a template engine's safe text, reads the same
            raise TypeError(f"the status must be str, not {type(status).__name__}")
        if type(headers) is not list:
            raise TypeError(f"the headers must be a list, not {type(headers).__name__}")
        self.status = status
        self.headers = headers
        return self.write

    def write(self, data):
        """PEP 3333's imperative write: the data is on its way when this returns."""
        if type(data) is not bytes:
            raise TypeError(f"write() takes bytes, not {type(data).__name__}")
        take_floor()
        try:
            if self.exchange is None:
                raise RuntimeError("write() after the answer ended")
            self.exchange._write(data)
        finally:
            leave_floor()


class WsgiExchange:
    """One call of a WSGI application."""

    def call(self):
        builder: EnvironBuilder = self.channel.driver.local
        self.started = StartResponse()
        self.started.exchange = self
        self.input = BodyInput(self)
        environ = builder.build(self, self.input)
        floor: cython.int = let_go()
        try:
            self.result = self.application.callable(environ, self.started)
        finally:
            take_again(floor)
        return 0

    def produce(self):
        result = self.result
        kind = type(result)
        if self.iterator is None:
            if kind is list:
                return self._produce_list(result, len(cython.cast(list, result)))
            if kind is tuple:
                return self._produce_list(result, len(result))
            if kind is _FileWrapper:
                made: Made = self._produce_file()
                if made != Made.NOT_YET:
                    return made
                length = self._promised_length()
                result = result if length < 0 else first_bytes(result, length)
        piece = self._next_piece(result)
        if piece is _END:
            if not self.head_written:
                self._write_head(0)
            self.response.end(self.channel.writer())
            return Made.LAST
        if type(piece) is not bytes:
            raise TypeError(f"the application yielded {type(piece).__name__}, not bytes")
        if not piece:
            return Made.PIECE
        if not self.head_written:
            self._write_head(PyBytes_GET_SIZE(piece) if _is_only_piece(self.result) else -1)
        if self.response.is_head:  # what follows may have no end, and nobody would hear it
            self.response.end(self.channel.writer())
            return Made.LAST
        self.response.piece(self.channel.writer(), piece, PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
        # PEP 3333: a yielded piece is sent before the next is asked for.
        return Made.MUST_LEAVE

    def _next_piece(self, result: object):
        """What the application's iterable yields next, or _END."""
        floor: cython.int = let_go()
        try:
            if self.iterator is None:
                self.iterator = iter(result)
            return next(self.iterator, _END)
        finally:
            take_again(floor)

    def _produce_list(self, pieces: object, count: cython.Py_ssize_t):
        """A list's length is known: it gets a Content-Length and leaves at once."""
        total: cython.longlong = 0
        output: Output
        for piece in pieces:
            if type(piece) is not bytes:
                raise TypeError(f"the application returned {type(piece).__name__} in its list, not bytes")
            total += PyBytes_GET_SIZE(piece)
        if not self.head_written:
            self._write_head(total)
        output = self.channel.writer()
        for piece in pieces:
            self.response.piece(output, piece, PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
        self.response.end(output)
        return Made.LAST

    def _produce_file(self):
        """A regular file goes by sendfile, up to the Content-Length that was given; NOT_YET: it is none."""
        region = self.result.region()
        if region is None:
            return Made.NOT_YET
        descriptor, offset, length = region
        promised = self._promised_length()
        if promised >= 0:
            length = min(length, promised)
        # A descriptor of our own: the application's is closed with its answer, perhaps before the last byte left.
        file: OpenFile = OpenFile(os.dup(descriptor))
        if not self.head_written:
            self._write_head(length)
        self.response.file(self.channel.writer(), file, file.fd, offset, length)
        self.response.end(self.channel.writer())
        return Made.LAST

    def _promised_length(self):
        """What the application's Content-Length says, or -1."""
        for name, value in self.started.headers or ():
            if name.lower() == "content-length" and value.isascii() and value.isdigit():
                return int(value)
        return -1

    def _write_head(self, length: cython.longlong):
        started: StartResponse = self.started
        status = started.status
        text: cython.p_char
        size: cython.Py_ssize_t
        if status is None:
            raise AssertionError("the application answered without calling start_response")
        text = PyUnicode_1BYTE_DATA(status)
        size = PyUnicode_GET_LENGTH(status)
        if (
            PyUnicode_KIND(status) != PyUnicode_1BYTE_KIND
            or size < 3
            or not (text[0] >= 48 and text[0] <= 57)
            or not (text[1] >= 48 and text[1] <= 57)
            or not (text[2] >= 48 and text[2] <= 57)
            or (size > 3 and text[3] != b" ")
        ):
            raise ResponseError(f"the status must be like '200 OK', not {status!r}")
        self.start(
            (text[0] - 48) * 100 + (text[1] - 48) * 10 + text[2] - 48,
            text + min(size, 4),
            size - min(size, 4),
        )
        self._write_fields(started.headers)
        return self.finish_head(length)

    def _write_fields(self, headers: list):
        output: Output = self.channel.writer()
        for pair in headers:
            name, value = cython.cast(tuple, pair) if type(pair) is tuple else tuple(pair)
            if not isinstance(name, str) or not isinstance(value, str):
                raise TypeError(f"the header {name!r}: {value!r} must be a pair of str")
            if PyUnicode_KIND(name) != PyUnicode_1BYTE_KIND or PyUnicode_KIND(value) != PyUnicode_1BYTE_KIND:
                raise ResponseError(f"the header {name!r} holds characters outside latin-1")
            self.response.field(
                output,
                PyUnicode_1BYTE_DATA(name),
                PyUnicode_GET_LENGTH(name),
                PyUnicode_1BYTE_DATA(value),
                PyUnicode_GET_LENGTH(value),
            )
        return 0

    def _write(self, data: bytes):
        output: Output = self.channel.writer()
        if not self.head_written:
            self.uncoded = True  # what is written must be on its way, and nobody pulls
            self._write_head(-1)
        if not self.channel.driver.can_block and output.pending > MOST_HELD:
            return self._spool(data)
        self.response.piece(output, data, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        self.channel.driver.flush(self.channel)
        return 0

    def _spool(self, data: bytes):
        """write() must return, the engine must not wait, memory must not fill: the rest goes by a file."""
        if self.spool is None:
            import tempfile

            descriptor, path = tempfile.mkstemp()
            self.spool = OpenFile(descriptor)
            os.unlink(path)  # noqa: PTH108 - pathlib would cost every start 6 ms
        os.pwrite(self.spool.fd, data, self.spooled)
        self.response.file(
            self.channel.writer(), self.spool, self.spool.fd, self.spooled, PyBytes_GET_SIZE(data)
        )
        self.spooled += PyBytes_GET_SIZE(data)
        return 0

    def release(self):
        result = self.result
        self.result = None
        self.iterator = None
        if self.started is not None:
            self.started.exchange = None
        if self.input is not None:
            self.input.detach()
        if result is not None and type(result) is not list:
            floor: cython.int = let_go()
            try:
                close = getattr(result, "close", None)
                if close is not None:
                    close()
                result = close = None
            finally:
                take_again(floor)
        return 0


def _is_only_piece(result):
    """Whether an iterable says that it holds one piece: then that piece's length is the body's (PEP 3333)."""
    floor: cython.int = let_go()
    try:
        return hasattr(result, "__len__") and len(result) == 1
    finally:
        take_again(floor)
