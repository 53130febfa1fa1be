cimport cython

@cython.final
cdef class HeaderTable:
    cdef list entries                   # fields, the oldest first
    cdef Py_ssize_t gone                # entries at the beginning that have left
    cdef readonly Py_ssize_t size       # octets, as RFC 7541 section 4.1 counts
    cdef readonly Py_ssize_t limit
    cdef readonly long long added

    cdef tuple at(self, Py_ssize_t index)
    cdef int add(self, tuple field) except -1
    cdef int resize(self, Py_ssize_t limit) except -1
    cdef Py_ssize_t number(self, long long added) noexcept
    cdef int _shrink(self, Py_ssize_t limit) except -1

cdef Py_ssize_t STATIC_LENGTH
cdef Py_ssize_t size_of(tuple field)  noexcept
