"""The way of a stream into the engine: a pair of sockets, of which a connection of the engine's has one end."""

import cython
from cython.cimports.cpython.exc import PyErr_SetFromErrno
from cython.cimports.gearshift.connection import Connection
from cython.cimports.gearshift.floor import leave_floor, take_floor
from cython.cimports.gearshift.http2.inner import (
    MSG_DONTWAIT,
    MSG_NOSIGNAL,
    SHUT_WR,
    recv,
    send,
    shutdown,
)
from cython.cimports.libc.errno import EAGAIN, EINTR, errno


class Inner:
    """far: our end, which does not block. connection: the engine's. With the session's lock held, all of it.

    readable: something may be there to be read; epoll tells of it once (EPOLLET). hung_up: so may its end.
    served: requests that the connection had had when its present stream began. idle_since: monotonic seconds.
    """

    def __init__(self, far: object, connection: Connection, session: object):
        self.far = far
        self.fd = far.fileno()
        self.connection = connection
        self.session = session

    def rests(self):
        """Whether the connection would begin a request at once: its handler's last close() may still run."""
        take_floor()
        rests: cython.bint = not self.hung_up and self.connection.exchange is None
        leave_floor()
        return rests

    def never_began(self):
        """Whether the request was closed upon unread, so that it may be sent again (RFC 9113 section 8.7)."""
        return self.connection.requests == self.served

    def send(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        """Bytes of it that were taken, -1: none may be at the moment. Raises OSError: none will be any more."""
        taken: cython.Py_ssize_t
        while True:
            taken = send(self.fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
            if taken >= 0 or errno == EAGAIN:
                return max(taken, -1)
            if errno != EINTR:
                PyErr_SetFromErrno(OSError)

    def receive(self, place: cython.p_char, size: cython.Py_ssize_t):
        """Bytes that have come, 0: its end, -1: none at the moment."""
        came: cython.Py_ssize_t
        while True:
            came = recv(self.fd, place, size, MSG_DONTWAIT)
            if came >= 0:
                return came
            if errno == EAGAIN:
                return -1
            if errno != EINTR:
                return 0  # it was reset

    def end_request(self):
        """Nothing more comes from the peer, which may still be told something."""
        shutdown(self.fd, SHUT_WR)
