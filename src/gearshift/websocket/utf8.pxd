cimport cython

@cython.final
cdef class Utf8Check:
    cdef int due                    # continuation bytes that the character under way still needs
    cdef unsigned char low, high    # between which the next of them must be

    cdef bint take(self, const char* text, Py_ssize_t length) noexcept
    cdef void restart(self) noexcept
    cdef bint _begins(self, unsigned char byte) noexcept
