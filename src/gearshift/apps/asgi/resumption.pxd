cimport cython

cpdef enum Waiting:
    PENDING         # nothing has come
    READY           # its task goes on, or is about to
    GIVEN_UP        # its task was cancelled

@cython.final
@cython.freelist(64)
cdef class Resumption:
    cdef public bint _asyncio_future_blocking
    cdef readonly Waiting waiting
    cdef object loop, callback, context

    cdef int resume(self, bint here) except -1
    cdef int _call_soon(self) except -1

cdef Resumption resumption(object loop)
