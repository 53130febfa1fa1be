cimport cython

from gearshift.apps.asgi.call cimport Call, Callee
from gearshift.exchange cimport Made
from gearshift.http.output cimport Output

cpdef enum Said:
    NOTHING             # the application has not begun its answer
    HEAD                # http.response.start
    BODY                # the last body message promised more, or there was none yet
    TRAILERS            # the body is whole, trailers were promised
    EVERYTHING          # the answer is whole

cdef class AsgiApplication(Callee):
    cdef readonly object websockets     # the Terms of those, made with the first
    cdef readonly object keeper         # of those that are open, or None
    cdef bint leaving                   # the server ends

    cdef object terms(self)
    cdef int keep(self, Call exchange) except -1

@cython.final
cdef class AsgiExchange(Call):
    cdef Said said
    cdef object status, headers
    cdef bint promised_trailers
    cdef list trailers
    cdef list pieces                    # of the body, not yet framed
    cdef long long held                 # their bytes
    cdef long long unheard              # bytes said behind the head of an answer to HEAD
    cdef bytes hints                    # interim answers, not yet written
    cdef bint body_told                 # the application has had the end of the body
    cdef bint disconnect_told           # because the peer has finished sending, and may be gone
    cdef double answered                # when it had said everything; only where the access log asks
    cdef object receiver, sender        # futures that it waits for
    cdef list incoming                  # body pieces for a loop in another thread

    cdef int _body_message(self, dict message) except -1
    cdef int _body_for_nobody(self, Py_ssize_t size) except -1
    cdef int _path_message(self, dict message) except -1
    cdef int _hint_message(self, dict message) except -1
    cdef int _trailers_message(self, dict message) except -1
    cdef object _take(self, object kind, object message)
    cdef bint _must_wait(self) noexcept
    cdef object _wait_to_send(self)
    cdef object _next_message(self)
    cdef object _read_message(self)
    cdef object _wait_to_receive(self)
    cdef object _new_future(self)
    cdef int _write_head(self, Output output) except -1
    cdef int _write_hints(self, Output output) except -1
    cdef int _write_pieces(self, Output output) except -1
    cdef int _serve_receiver(self) except -1
    cdef int _settle_sender(self) except -1
    cdef int _settle(self, object future, object value, bint failed) except -1
