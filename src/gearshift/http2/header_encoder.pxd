cimport cython

from gearshift.http.output cimport Output
from gearshift.http2.header_table cimport HeaderTable

@cython.final
cdef class HeaderEncoder:
    cdef readonly HeaderTable table
    cdef Output output                  # the block that is written
    cdef dict pairs                     # field: as the how manieth it was put into the table
    cdef dict names                     # the same of a name
    cdef Py_ssize_t smallest            # limit of the table since the last block; -1: it is the same

    cpdef bytes encode(self, list fields)
    cpdef resize(self, long long offered)
    cdef int _field(self, tuple field) except -1
    cdef Py_ssize_t _number(self, dict static, dict dynamic, object key) except -1
    cdef int _remember(self, tuple field) except -1
    cdef int _string(self, bytes text) except -1
    cdef int _integer(self, int first, int bits, unsigned long long value) except -1
