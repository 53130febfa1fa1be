cimport cython

# Which of the fields that matter to a server were seen; a bit each.
cpdef enum Known:
    KNOWN_HOST = 1
    KNOWN_LENGTH = 2
    KNOWN_CODING = 4
    KNOWN_CONNECTION = 8
    KNOWN_EXPECT = 16
    KNOWN_CONDITION = 32        # If-Match and its kin
    KNOWN_RANGE = 64
    KNOWN_ACCEPT_ENCODING = 128
    KNOWN_UPGRADE = 256

cdef struct Field:              # offsets into Request.data, in bytes
    unsigned int name
    unsigned int name_length
    unsigned int value
    unsigned int value_length

@cython.final
@cython.freelist(32)
cdef class Request:
    # The head's bytes: borrowed from the receive buffer until keep() takes a copy.
    cdef const char* data
    cdef char* owned
    cdef Py_ssize_t length
    # Where its parts stand.
    cdef unsigned int method_start, method_length
    cdef unsigned int target_start, target_length
    cdef unsigned int path_start, path_length
    cdef bint secured                   # it came by TLS
    cdef unsigned int query_start, query_length
    cdef unsigned int authority_start, authority_length
    cdef Field* fields
    cdef int count, capacity
    cdef Field inline_fields[24]
    # What it says.
    cdef readonly int minor
    cdef unsigned int seen
    cdef bint asterisk, absolute
    cdef unsigned long long kind        # a hash of what it is like, once somebody has computed it; 0 before
    cdef readonly long long content_length
    cdef readonly bint chunked, expects_continue, wants_close, wants_keep_alive
    # How far the parser has come (head.py).
    cdef Py_ssize_t line, scanned
    cdef bint in_fields

    cdef void restart(self) noexcept nogil
    cdef int keep(self) except -1
    cdef Field* new_field(self) noexcept nogil
    cdef bytes span(self, unsigned int start, unsigned int length)
    cdef bint has_body(self) noexcept nogil
    cdef bint method_is(self, const char* name, unsigned int length) noexcept nogil
    cdef bytes implied_host(self)
    cdef bytes decoded_path(self)
    cpdef bytes header(self, bytes name)
