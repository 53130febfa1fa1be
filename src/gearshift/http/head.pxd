from gearshift.http.limits cimport Limits
from gearshift.http.refusals cimport Refusal
from gearshift.http.request cimport Request

# 1: the head is complete. 0: more bytes are needed. Below 0: refused, for the Refusal of that number.
cdef int parse_head(Request request, const char* data, Py_ssize_t length, Limits limits) noexcept nogil

cdef int _line_so_far(Request request, const char* data, Py_ssize_t start, Py_ssize_t stop,
                      Limits limits) noexcept nogil
cdef int _method(Request request, const char* data, Py_ssize_t start, Py_ssize_t size) noexcept nogil
cdef int _request_line(Request request, const char* data, Py_ssize_t start, Py_ssize_t end,
                       Limits limits) noexcept nogil
cdef int _version(Request request, const char* text, Py_ssize_t length) noexcept nogil
cdef int _target_form(Request request, const char* data) noexcept nogil
cdef int _absolute_form(Request request, const char* data, unsigned int authority, unsigned int end) noexcept nogil
cdef void _path_and_query(Request request, const char* data, unsigned int start, unsigned int end) noexcept nogil
cdef int _field_line(Request request, const char* data, Py_ssize_t start, Py_ssize_t end,
                     Limits limits) noexcept nogil
cdef int _known_field(Request request, const char* name, Py_ssize_t name_length,
                      const char* value, Py_ssize_t length) noexcept nogil
cdef int _host(Request request, const char* value, Py_ssize_t length) noexcept nogil
cdef int _expect(Request request, const char* value, Py_ssize_t length) noexcept nogil
cdef int _content_length(Request request, const char* value, Py_ssize_t length) noexcept nogil
cdef int _transfer_encoding(Request request, const char* value, Py_ssize_t length) noexcept nogil
cdef bint _chunked_last(const char* value, Py_ssize_t length) noexcept nogil
cdef bint _known_coding(const char* name, Py_ssize_t length) noexcept nogil
cdef int _finish(Request request, Limits limits) noexcept nogil
