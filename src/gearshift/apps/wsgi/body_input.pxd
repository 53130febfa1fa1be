cimport cython

from gearshift.exchange cimport Exchange

@cython.final
@cython.freelist(32)
cdef class BodyInput:
    cdef Exchange exchange      # None once nothing more can come from it
    cdef bytes buffer
    cdef Py_ssize_t position
    cdef object file            # a body that was too large for memory

    cdef bint _more(self) except -1
    cdef bytes _take(self, Py_ssize_t size)
    cdef void detach(self) noexcept
