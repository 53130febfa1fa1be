cimport cython

from gearshift.http.output cimport Output

@cython.final
cdef class RequestHead:
    cdef readonly bytes text, method
    cdef readonly bint chunked, tunnel
    cdef readonly long long length

@cython.final
cdef class _Lines:
    cdef bytes method, path, scheme, authority, protocol, host
    cdef bytes announced                # the body's length as it was said
    cdef long long length               # the same as a number; -1: it was not
    cdef list cookies
    cdef bint asks_version              # of WebSocket
    cdef Output output

cpdef RequestHead request_head(list fields, bint ended)
cpdef bytes trailer_lines(list fields)
cdef Py_ssize_t _pseudo(_Lines lines, list fields) except -1
cdef int _regular(_Lines lines, list fields, Py_ssize_t first) except -1
cdef int _content_length(_Lines lines, bytes value) except -1
cdef int _rest(_Lines lines, RequestHead head, bint ended) except -1
cdef bytes _target(_Lines lines)
cdef int _judge(bytes name, bytes value) except -1
cdef bint _is_name(bytes text) noexcept
cdef bint _is_value(bytes text) noexcept
cdef bint _is_visible(bytes text) noexcept
cdef int _write(Output output, bytes first, bytes second, bytes third, bytes fourth) except -1
cdef bytes _text(Output output)
