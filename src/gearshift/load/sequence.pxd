from libc.stdint cimport uint8_t

cdef class Sequence:
    cdef bytes text
    cdef const char* block
    cdef Py_ssize_t* offsets
    cdef uint8_t* heads
    cdef int many, next

    cdef int take(self) noexcept nogil
    cdef const char* start(self, int request) noexcept nogil
    cdef Py_ssize_t size(self, int request, int many) noexcept nogil
    cdef bint follows(self, int request, int first, int distance) noexcept nogil
    cdef bint to_head(self, int request) noexcept nogil
