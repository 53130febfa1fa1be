"""What a connection and an engine must know of a raw handler: a Conversation, made for each connection.

The connection asks it for the next thing that its handler is to be told, as an Exchange, so that a call of a raw
handler is to the engines what a request is: it waits for its turn, runs in a thread, is learnt of and shed.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.exchange import Service
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.request import Request


class RawApplication:
    """A raw handler's class, or a function that makes one, behind the interface that engines know.

    factory: called without arguments. name: as shown to users. asynchronous: its methods are coroutines.
    """

    def __init__(self, factory: object, name: str, asynchronous: cython.bint, error_log: object):
        self.factory = factory
        self.name = name
        self.asynchronous = asynchronous
        self.error_log = error_log
        self.tasks = {}

    def attach(self, loop: object) -> None:
        """The asyncio loop for every call."""
        self.loop = loop

    def converse(self, channel: Channel, service: Service):
        """The conversation of a connection that has been accepted."""
        raise NotImplementedError


class Conversation:
    """One handler's part of a connection."""

    def next(self, service: Service, ending: cython.bint):
        """What is to be told next, or None. ending: no more than what has come already."""
        raise NotImplementedError

    def flush(self):
        """What was said goes to the channel's output."""
        self.said = False
        pieces: list = self.pieces
        if not pieces:
            return 0
        self.pieces = []
        output: Output = self.channel.writer()
        for piece in pieces:
            self.held -= PyBytes_GET_SIZE(piece)
            output.write_bytes(piece)
        return 0

    def receive(self):
        """Reads from a socket that has no peer."""
        raise NotImplementedError

    def unread(self) -> cython.bint:
        """Whether something waits in the socket: the server does not end before it is read."""
        return False

    def end(self):
        """The connection is closed: the handler is told, once."""
        if self.ended:
            return 0
        self.ended = self.over = True
        if self.handler is not None:
            self.farewell()
        self.channel = None
        return 0

    def farewell(self):
        """The last that its handler is told."""
        return 0

    def made(self):
        """There is a handler from here on."""
        if self.handler is None:
            self.handler = self.application.factory()
        return 0

    def method(self, name: str):
        """The handler's method of that name, or None."""
        return getattr(self.handler, name, None)


def request_of(method: bytes, path: bytes) -> Request:
    """Names a call of a handler where the house names requests: in the tables of times, and of what was learnt."""
    request: Request = Request()
    text: bytes = method + b" " + path
    request.data = PyBytes_AS_STRING(text)
    request.length = PyBytes_GET_SIZE(text)
    request.method_length = cython.cast(cython.uint, PyBytes_GET_SIZE(method))
    request.path_start = request.target_start = request.method_length + 1
    request.path_length = request.target_length = cython.cast(cython.uint, PyBytes_GET_SIZE(path))
    request.keep()
    return request
