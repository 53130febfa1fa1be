cimport cython

from gearshift.http.output cimport Output
from gearshift.http2.answer cimport AnswerReader
from gearshift.http2.codec cimport Codec, Wire
from gearshift.http2.inner cimport Inner

cdef enum:
    MOST_READ = 65536               # bytes of an answer at once

cpdef enum Pumped:                  # what became of an attempt to send more of an answer
    MORE                            # there may be more
    DRY                             # nothing has come yet
    BLOCKED                         # the peer's windows are closed
    WHOLE                           # the answer is
    BROKEN                          # the inner connection has ended in the middle of it, or without one

@cython.final
cdef class Stream:
    cdef readonly Wire wire
    cdef readonly Inner inner
    cdef readonly bint asked
    cdef public double since
    cdef public bint queued
    cdef public bint pushed          # what came of its request has been pushed
    cdef Codec codec
    cdef object gateway
    cdef bint chunked, tunnel
    cdef bint dropping              # the inner connection takes no more of the request
    cdef bint waits_for_room
    cdef long long missing          # bytes of the body that were announced and have not come; -1: nothing was
    cdef AnswerReader reader
    cdef object upload              # pieces of the request, and the credit of each
    cdef Py_ssize_t offset          # bytes of the first that are sent
    cdef Output parked              # of the answer, until the peer opens its windows
    cdef list head                  # of the answer, until it is sent

    cdef int body(self, bytes data, Py_ssize_t credit, bint ended) except -1
    cdef int trailers(self, list fields) except -1
    cdef int _request_ends(self) except -1
    cdef int push(self) except -1
    cdef int _join(self) except -1
    cdef int drop_request(self) except -1
    cdef bint reusable(self) except -1
    cdef Pumped pump(self) except *
    cdef int _take(self, const char* data, Py_ssize_t size) except -1
    cdef list _tunnelled(self)
    cdef Pumped _send(self) except *
    cdef Pumped _over(self) except *
