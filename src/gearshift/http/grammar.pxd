# Character classes of RFC 9110 section 5.6 and RFC 9112, as functions over spans.

cdef extern from "arpa/inet.h" nogil:
    int AF_INET6
    int inet_pton(int family, const char* text, void* binary)

cdef bint is_token(const char* text, Py_ssize_t length) noexcept nogil
cdef Py_ssize_t token_length(const char* text, Py_ssize_t length) noexcept nogil
cdef Py_ssize_t quoted_length(const char* text, Py_ssize_t length) noexcept nogil
cdef bint has_control(const char* text, Py_ssize_t length) noexcept nogil
cdef bint is_target(const char* text, Py_ssize_t length) noexcept nogil
cdef bint is_host(const char* text, Py_ssize_t length) noexcept nogil
cdef Py_ssize_t _address_length(const char* text, Py_ssize_t length) noexcept nogil
cdef bint same_name(const char* text, const char* lower_case, Py_ssize_t length) noexcept nogil
cdef bint same_word(const char* text, const char* lower_case, Py_ssize_t length) noexcept nogil
cdef bint has_option(const char* text, Py_ssize_t length,
                     const char* lower_case, Py_ssize_t option_length) noexcept nogil
cdef long long decimal(const char* text, Py_ssize_t length) noexcept nogil
cdef int hexadecimal(unsigned char digit) noexcept nogil
