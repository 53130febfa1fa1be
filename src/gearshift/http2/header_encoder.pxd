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
    cdef dict blocks                    # (fields, block) by the address of the list of fields
    cdef long long as_of                # what the table had when these were written

    cpdef bytes encode(self, list fields)
    cpdef resize(self, long long offered)
    cdef int _tell_size(self) except -1
    cdef int _remember_block(self, list fields, bytes block) except -1
    cdef int _field(self, tuple field) except -1
    cdef Py_ssize_t _number(self, dict static, dict dynamic, object key) except -1
    cdef int _remember(self, tuple field) except -1
    cdef int _string(self, bytes text) except -1
    cdef int _integer(self, int first, int bits, unsigned long long value) except -1
