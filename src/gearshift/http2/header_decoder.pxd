cimport cython

from gearshift.http2.header_table cimport HeaderTable

@cython.final
cdef class HeaderDecoder:
    cdef readonly HeaderTable table
    cdef long long most                 # octets of a header list
    cdef Py_ssize_t largest_table       # that we have offered
    cdef const unsigned char* place     # in the block that is read
    cdef const unsigned char* end

    cdef list read(self, const unsigned char* block, Py_ssize_t length)
    cdef tuple _known(self, Py_ssize_t index)
    cdef tuple _literal(self, int bits)
    cdef int _resize(self, bint behind_a_field) except -1
    cdef bytes _string(self)
    cdef Py_ssize_t _integer(self, int bits) except -1
