from gearshift.http.limits cimport Limits

cdef struct ChunkLine:
    unsigned long long size
    Py_ssize_t extension        # bytes of extension in this line

# Above 0: the bytes the line takes, its CRLF included. 0: more are needed. Below 0: refused.
cdef Py_ssize_t parse_chunk_line(const char* data, Py_ssize_t length, ChunkLine* line) noexcept nogil
cdef Py_ssize_t parse_trailer_line(const char* data, Py_ssize_t length, Py_ssize_t most) noexcept nogil
cdef Py_ssize_t _extension(const char* data, Py_ssize_t start, Py_ssize_t length, ChunkLine* line) noexcept nogil
cdef bint _are_extensions(const char* data, Py_ssize_t at, Py_ssize_t end) noexcept nogil
cdef Py_ssize_t _behind_blanks(const char* data, Py_ssize_t at, Py_ssize_t end) noexcept nogil
cdef bint frames(const char* name, Py_ssize_t length) noexcept nogil
