"""The server's own applications: an object that is asked for an Answer. Files and the built-in page are such."""

import os

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.exchange import Made, Service
from cython.cimports.gearshift.floor import let_go, take_again
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.response import reason_of


class OpenFile:
    """Owns a descriptor: closed when nothing refers to it any more, answers still being sent included."""

    def __cinit__(self, fd: cython.int):
        self.fd = fd

    def __dealloc__(self):
        if self.fd >= 0:
            os.close(self.fd)


class FileSlice:
    """`length` bytes of a file from `offset` on."""

    def __cinit__(self, file: OpenFile, offset: cython.longlong, length: cython.longlong):
        self.file = file
        self.offset = offset
        self.length = length


class Answer:
    """A whole answer; immutable, so that one object can be given any number of times.

    Parameters: the status; `fields`, complete header lines without those that are the server's (Content-Length,
    Date, Server, Connection); the body as bytes, a FileSlice, or a list of these.
    """

    def __cinit__(self, status: cython.int, fields: bytes, body: object = b""):
        self.status = status
        self.fields = fields
        self.body = body
        self.reason = reason_of(status)
        parts = body if isinstance(body, list) else [body]
        self.length = sum([len(part) if isinstance(part, bytes) else part.length for part in parts])


class Responder:
    """What answers requests; called from any thread of an engine."""

    def respond(self, exchange: object):
        """The Answer to `exchange.request`. What it raises becomes a 500."""
        raise NotImplementedError

    def close(self) -> None:
        """The server ends."""


class NativeApplication:
    """A Responder behind exchanges."""

    def __init__(self, responder: Responder):
        self.responder = responder

    def begin(self, channel: Channel, service: Service):
        exchange: NativeExchange = NativeExchange()
        exchange.responder = self.responder
        exchange.open(channel, service, False)
        return exchange


class NativeExchange:
    """One request to a Responder."""

    def call(self):
        floor: cython.int = let_go()
        try:
            answer: Answer = self.responder.respond(self)
        finally:
            take_again(floor)
        output: Output = self.channel.writer()
        body = answer.body
        self.start(answer.status, PyBytes_AS_STRING(answer.reason), PyBytes_GET_SIZE(answer.reason))
        if answer.fields:
            self.response.lines(output, answer.fields)
        self.finish_head(answer.length)
        if type(body) is list:
            for part in body:
                self._write_part(part)
        else:
            self._write_part(body)
        self.response.end(output)
        return 0

    def _write_part(self, part: object):
        if type(part) is bytes:
            return self.response.piece(
                self.channel.writer(), part, PyBytes_AS_STRING(part), PyBytes_GET_SIZE(part)
            )
        piece: FileSlice = part
        return self.response.file(
            self.channel.writer(), piece.file, piece.file.fd, piece.offset, piece.length
        )

    def produce(self):
        return Made.LAST
