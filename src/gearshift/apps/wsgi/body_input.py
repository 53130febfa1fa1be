"""wsgi.input: the request's body as a file (PEP 3333), gathered before the call or read from the socket by it."""

import cython
from cython.cimports.cpython.bytes import PyBytes_GET_SIZE
from cython.cimports.gearshift.exchange import Exchange
from cython.cimports.gearshift.floor import leave_floor, take_floor


class BodyInput:
    """The body, to be read once from its start to its end; at the end it reads as empty."""

    def __cinit__(self, exchange: Exchange):
        self.buffer = b""
        if exchange.body_complete:
            if exchange.body_filled < 0:
                self.file = exchange.body
                self.file.seek(0)
            elif exchange.body is not None:
                self.buffer = exchange.body
        else:
            self.exchange = exchange

    def detach(self):
        """The request is over: what was not read is gone."""
        self.exchange = None

    def _more(self):
        """Takes what comes next from the socket, once all before was read; False at the end of the body."""
        if self.exchange is None:
            return False
        take_floor()
        try:
            piece: bytes = self.exchange.read_piece()
        finally:
            leave_floor()
        if not piece:
            self.exchange = None
            return False
        self.buffer = piece
        self.position = 0
        return True

    def _take(self, size: cython.Py_ssize_t):
        start: cython.Py_ssize_t = self.position
        if start == 0 and size == PyBytes_GET_SIZE(self.buffer):
            whole = self.buffer
            self.buffer = b""
            return whole
        self.position += size
        return self.buffer[start : start + size]

    def read(self, size=-1):
        """At most `size` bytes, fewer only at the end; without a size, all that is left."""
        wanted: cython.Py_ssize_t = -1 if size is None else size
        held: cython.Py_ssize_t
        if self.file is not None:
            return self.file.read(wanted)
        if wanted < 0:
            pieces = [self._take(PyBytes_GET_SIZE(self.buffer) - self.position)]
            while self._more():
                pieces.append(self._take(PyBytes_GET_SIZE(self.buffer)))
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        held = PyBytes_GET_SIZE(self.buffer) - self.position
        if held >= wanted:
            return self._take(wanted)
        pieces = [self._take(held)]
        wanted -= held
        while wanted > 0 and self._more():
            held = min(wanted, PyBytes_GET_SIZE(self.buffer))
            pieces.append(self._take(held))
            wanted -= held
        return b"".join(pieces)

    def readline(self, size=-1):
        """One line with its line feed, or at most `size` bytes of it."""
        wanted: cython.Py_ssize_t = -1 if size is None else size
        end: cython.Py_ssize_t
        length: cython.Py_ssize_t
        pieces: list = []
        if self.file is not None:
            return self.file.readline(wanted)
        while True:
            end = self.buffer.find(b"\n", self.position)
            length = (end + 1 if end >= 0 else PyBytes_GET_SIZE(self.buffer)) - self.position
            if wanted >= 0 and length >= wanted:
                length = end = wanted
            pieces.append(self._take(length))
            wanted -= length if wanted >= 0 else 0
            if end >= 0 or not self._more():
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def readlines(self, hint=-1):
        """All lines, or as many as reach `hint` bytes."""
        lines = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line
