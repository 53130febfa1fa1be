cimport cython

from gearshift.http.body cimport ChunkLine
from gearshift.http.limits cimport Limits
from gearshift.http.refusals cimport Refusal
from gearshift.http.request cimport Request
from gearshift.http.states cimport Event, Reading

@cython.final
cdef class Protocol:
    cdef readonly Reading reading
    cdef readonly Refusal refusal
    cdef readonly bint refused_head     # what was refused had a valid request line, and it said HEAD
    cdef readonly bint eof
    cdef bint may_be_http2              # the first head is looked at for the preface of HTTP/2
    cdef readonly bint secured          # by TLS: only such a connection has authority over https
    cdef Limits limits
    cdef Request head                   # the request whose head is not whole yet
    cdef readonly Request request       # the request whose head is whole, until it is answered
    cdef const char* data               # bytes not yet interpreted: data[position:end]
    cdef Py_ssize_t position, end
    cdef char* kept                     # NULL, or the connection's own copy that `data` points into
    cdef Py_ssize_t kept_capacity
    cdef const char* piece              # the body piece of the last BODY event
    cdef Py_ssize_t piece_length
    cdef unsigned long long due         # bytes left of a sized body or of a chunk
    cdef long long body_bytes
    cdef Py_ssize_t extension_bytes, trailer_bytes
    cdef int blank_lines, trailers

    cdef int feed(self, const char* data, Py_ssize_t size) except -1
    cdef int settle(self) except -1
    cdef Event next(self) except? Event.CLOSED
    cdef Event _next_head(self) except? Event.CLOSED
    cdef Event _preface(self) except? Event.CLOSED
    cdef int hand_on(self) except -1
    cdef Event _next_sized(self) noexcept
    cdef Event _next_chunked(self) noexcept
    cdef Event _next_chunk_line(self) noexcept
    cdef Event _next_trailer(self) noexcept
    cdef Event _starved(self) noexcept
    cdef Event refuse(self, int refusal) noexcept
    cdef void upgrade(self) noexcept
    cdef void move(self, Reading target) noexcept
    cpdef int finish(self) except -1
    cpdef Py_ssize_t buffered(self) noexcept
