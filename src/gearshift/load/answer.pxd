from libc.stdint cimport uint64_t

cdef enum Part:             # what the next byte belongs to
    STATUS_LINE
    FIELD_LINE
    COUNTED                 # a body of known length
    CHUNK_LINE
    CHUNK
    CHUNK_END               # the CRLF behind a chunk
    TRAILER_LINE
    UNTIL_CLOSE             # a body that only the end of the connection delimits
    WHOLE                   # nothing: the answer is complete

cdef struct Answer:
    Part part
    int status
    bint to_head            # it answers HEAD, so it has no body
    bint close              # the connection does not outlive it
    bint old, keep          # it is HTTP/1.0's; and goes on nevertheless
    bint chunked, counted   # how its body is framed
    bint about_framing      # the field line before said something of it
    uint64_t left           # bytes of the body, the chunk or the chunk's end
    Py_ssize_t lines        # bytes in the lines of head and trailers so far
    char* line              # the beginning of a line whose end has not come
    Py_ssize_t length, room

cdef struct Line:
    const char* text
    Py_ssize_t length       # its line end included
    Py_ssize_t bare         # without

cdef void begin_answer(Answer* answer, bint to_head) noexcept nogil
cdef Py_ssize_t read_answer(Answer* answer, const char* data, Py_ssize_t length) noexcept nogil
cdef bint ends_whole(const Answer* answer) noexcept nogil
cdef void forget_answer(Answer* answer) noexcept nogil

cdef Py_ssize_t _read_body(Answer* answer, const char* data, Py_ssize_t length) noexcept nogil
cdef Py_ssize_t _read_line(Answer* answer, const char* data, Py_ssize_t length) noexcept nogil
cdef int _keep(Answer* answer, const char* data, Py_ssize_t length) noexcept nogil
cdef bint _may_begin(const Answer* answer) noexcept nogil
cdef int _understand(Answer* answer, const Line* line) noexcept nogil
cdef int _status_line(Answer* answer, const Line* line) noexcept nogil
cdef int _field_line(Answer* answer, const Line* line) noexcept nogil
cdef int _known_field(Answer* answer, const char* name, Py_ssize_t name_length,
                      const char* value, Py_ssize_t length) noexcept nogil
cdef int _content_length(Answer* answer, const char* value, Py_ssize_t length) noexcept nogil
cdef int _head_ends(Answer* answer) noexcept nogil
cdef int _chunk_line(Answer* answer, const Line* line) noexcept nogil

cdef class AnswerReader:
    cdef Answer answer
    cdef bint broken
