cimport cython

from gearshift.exchange cimport Application, Exchange, Made

@cython.final
cdef class OpenFile:
    cdef readonly int fd

@cython.final
cdef class FileSlice:
    cdef readonly OpenFile file
    cdef readonly long long offset, length

@cython.final
cdef class Answer:
    cdef readonly int status
    cdef readonly bytes fields
    cdef readonly object body
    cdef readonly long long length      # of the body, in bytes
    cdef bytes reason

cdef class Responder:
    cpdef Answer respond(self, object exchange)

cdef class NativeApplication(Application):
    cdef readonly Responder responder

@cython.final
cdef class NativeExchange(Exchange):
    cdef Responder responder

    cdef int _write_part(self, object part) except -1
