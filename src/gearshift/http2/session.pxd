cimport cython

from gearshift.http2.codec cimport Codec, Listener, Wire
from gearshift.http2.inner cimport Inner
from gearshift.http2.stream cimport Stream

cdef enum:
    EPOLLOUT = 0x4
    HANGING_UP = 0x2018             # EPOLLRDHUP, EPOLLHUP, EPOLLERR
    KNOWS = -1                      # instead of an error code: the peer needs not be told

@cython.final
cdef class Session(Listener):
    cdef readonly object conversation
    cdef readonly object gateway
    cdef readonly dict streams      # by number, those that are answered
    cdef readonly bint over
    cdef readonly Codec codec
    cdef object lock, clock
    cdef int most                   # streams at once
    cdef list idle                  # inner connections, the one used last at the end
    cdef list left                  # connections whose streams were reset while their requests ran
    cdef list to_push               # streams that have something for their inner connections; each once
    cdef object to_pump             # those whose answers go on, in turn; each once
    cdef dict blocked               # those that wait for the peer's windows
    cdef bint leaving               # no further stream is begun
    cdef object resets, frames      # allowances

    cdef int _hear(self, bytes data) except -1
    cdef int _turn(self) except -1
    cdef int _pump(self, Stream stream) except -1
    cdef int _say(self) except -1
    cdef int _note(self, Inner inner, unsigned int mask) except -1
    cdef int _queue(self, Stream stream) except -1
    cdef int _will_push(self, Stream stream) except -1
    cdef bint _is_open(self, Stream stream) noexcept
    cdef Inner _inner(self)
    cdef Py_ssize_t _still_running(self) except -1
    cdef int _refuse(self, Wire wire, int code) except -1
    cdef int _misused(self, Stream stream) except -1
    cdef int _spend_reset(self) except -1
    cdef int _answered(self, Stream stream) except -1
    cdef int _drop(self, Stream stream, int code) except -1
    cdef int _forget(self, Stream stream) except -1
    cdef int _end(self) except -1
