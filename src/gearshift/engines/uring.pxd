from libc.stdint cimport uint32_t, uint64_t

from gearshift.connection cimport Connection
from gearshift.engines.epoll cimport EpollEngine
from gearshift.engines.ring cimport Completion, Ring

cdef enum Purpose:          # the low bits of an operation's user_data; above them stands the connection
    RECEIVE = 1
    SENDING = 2
    ROOM = 3                # a poll for room to write
    HANGUP = 4              # a poll for the peer's vanishing, while nothing is received
    PURPOSES = 7

cdef class UringEngine(EpollEngine):
    cdef Ring ring
    cdef bint others_polled         # a poll of the epoll instance is under way: the wake-up, signals, asyncio's descriptors
    cdef int outstanding            # accepts, and operations of connections, that have not ended
    cdef int accepts                # those of `outstanding` that accept

    cdef int _complete(self, Completion* completion) except -1
    cdef int _completed(self, Connection connection, int purpose, int result, uint32_t flags) except -1
    cdef int _accepted(self, int index, int result, uint32_t flags) except -1
    cdef int _arm_accept(self, int index) except -1
    cdef int _end_accepts(self) except -1
    cdef int _let_go(self) except -1
    cdef int _reap(self) except -1
    cdef int _arm(self, Connection connection, int purpose, unsigned int events) except -1
    cdef int _disarm(self, Connection connection, int purpose) except -1
    cdef int _came(self, Connection connection, int result, uint32_t flags) except -1
    cdef int _left(self, Connection connection, int result) except -1
