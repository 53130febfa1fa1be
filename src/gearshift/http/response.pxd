cimport cython

from gearshift.http.date cimport DateLine
from gearshift.http.output cimport Output
from gearshift.http.request cimport Request
from gearshift.http.states cimport Framing

@cython.final
@cython.freelist(32)
cdef class Response:
    cdef readonly int status
    cdef readonly Framing framing
    cdef readonly bint close            # the connection ends with this answer
    cdef readonly long long body_bytes  # body bytes written, framing aside
    cdef long long declared             # the application's Content-Length, or -1
    cdef object coding                  # what the body goes through on its way out (a CodedBody), or None
    cdef bint is_head, is_http10, has_date, has_server, offers_upgrade
    cdef Py_ssize_t written             # bytes of the unfinished head

    cdef int answers(self, Request request) except -1
    cdef int begin(self, Output output, int status, const char* reason, Py_ssize_t length) except -1
    cdef int field(self, Output output, const char* name, Py_ssize_t name_length,
                   const char* value, Py_ssize_t length) except -1
    cdef int lines(self, Output output, bytes lines) except -1
    cdef int finish_head(self, Output output, DateLine date, long long length) except -1
    cdef int _decide_framing(self, long long length) except -1
    cdef int piece(self, Output output, object owner, const char* data, Py_ssize_t length) except -1
    cdef int file(self, Output output, object owner, int descriptor, long long offset, long long length) except -1
    cdef int _account(self, long long length) except -1
    cdef int end(self, Output output) except -1
    cdef int end_with_trailers(self, Output output, list trailers) except -1
    cdef bytes head(self, Output output)
    cdef int replace_head(self, Output output, bytes head) except -1
    cdef bint press(self, Output output, DateLine date) except? -1
    cdef int switch_protocols(self, Output output, DateLine date, bytes lines) except -1
    cdef void abandon(self, Output output) noexcept

cdef bytes reason_of(int status)
cdef int write_hexadecimal(Output output, unsigned long long value) except -1
