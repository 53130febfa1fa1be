cimport cython

from gearshift.apps.asgi.application cimport AsgiApplication
from gearshift.apps.asgi.websocket_call cimport WebSocketCall
from gearshift.channel cimport Channel
from gearshift.exchange cimport Exchange, Made, Service
from gearshift.http.output cimport Output
from gearshift.websocket.reader cimport Told

cpdef enum Line:
    ASKED               # the request is not answered
    OPEN                # both sides may send messages
    CLOSING             # we have sent a close frame, and wait for the peer's
    CLOSED              # nothing more is to be said

@cython.final
cdef class WebSocketExchange(WebSocketCall):
    cdef readonly Line line
    cdef readonly long long messages_in, messages_out
    cdef Py_ssize_t compress_from       # bytes
    cdef bint leaving                   # the server ends
    cdef bint ping_due, given_up        # what the keeper asks of the engine
    cdef double heard, pinged           # monotonic seconds of the last sign of life; of a ping without answer, or 0
    cdef double closing_since
    cdef long long heard_bytes
    cdef list unframed                  # what was said behind the message that is being compressed
    cdef object deflation               # of that message (websocket/deflate.py), or None
    cdef object deflated                # the message, whose bytes it reads
    cdef int deflated_first             # the first byte of its frame
    cdef long long deflated_size        # bytes of it, not compressed
    cdef bint goes_on                   # there is more to compress or to inflate: the engine is to come again
    cdef Told last_told                 # after what nothing more is read; MORE while there is no such thing

    cdef Made _answer(self, Output output) except *
    cdef int _accept(self, Output output) except -1
    cdef Made _deny(self, Output output) except *
    cdef int _converse(self, Output output) except -1
    cdef int _read(self, Output output) except -1
    cdef int _take(self, Told told, Output output) except -1
    cdef int _write(self, Output output) except -1
    cdef int _write_message(self, Output output, object message) except -1
    cdef int _deflate(self, Output output) except -1
    cdef int _write_frame(
        self, Output output, int first, object message, const char* data, Py_ssize_t size
    ) except -1
    cdef int _keep(self, Output output) except -1
    cdef int _say_goodbye(self, Output output, int code, bytes reason) except -1
    cdef int _end(self, int code, str reason) except -1
    cdef int _resume(self) except -1
    cdef bint _look(self, double now) except -1
    cdef void move(self, Line target) noexcept
