cdef class DateLine:
    cdef char text[40]
    cdef Py_ssize_t length
    cdef long long second

    cpdef void show(self, long long second) noexcept

cdef void _two_digits(char* place, int value) noexcept nogil
cdef void _calendar(char* text, long long days) noexcept nogil
