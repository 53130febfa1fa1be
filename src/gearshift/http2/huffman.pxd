cdef bytes decoded(const unsigned char* text, Py_ssize_t length)
cdef Py_ssize_t _decode(const unsigned char* text, Py_ssize_t length, char* place) noexcept nogil
cdef Py_ssize_t encoded_length(const unsigned char* text, Py_ssize_t length) noexcept nogil
cdef void encode_into(unsigned char* place, const unsigned char* text, Py_ssize_t length) noexcept nogil
