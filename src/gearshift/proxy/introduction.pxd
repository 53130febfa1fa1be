cpdef enum Progress:
    BEGUN           # more must come
    WHOLE           # read to its end
    BROKEN          # what came is no introduction

cdef class Introduction:
    cdef readonly Progress progress
    cdef readonly str host, port
    cdef readonly bint described        # who the client is was told
    cdef readonly bint secured          # it came to the proxy by TLS
    cdef bytes held

    cpdef Py_ssize_t receive(self, bytes data) except -1
    cdef Py_ssize_t _read_line(self, bytes held) except? -2
    cdef Py_ssize_t _read_header(self, bytes held) except? -2
    cdef bint _read_rest(self, bytes rest) except? -1
    cdef int _describe(self, str host, str port) except -1
