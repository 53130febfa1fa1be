cimport cython

from gearshift.apps.asgi.scope cimport ScopeBuilder
from gearshift.channel cimport Channel
from gearshift.exchange cimport Application, Exchange, Made, Service
from gearshift.http.output cimport Output

cpdef enum Said:
    NOTHING             # the application has not begun its answer
    HEAD                # http.response.start
    BODY                # the last body message promised more, or there was none yet
    TRAILERS            # the body is whole, trailers were promised
    EVERYTHING          # the answer is whole

cdef class AsgiApplication(Application):
    cdef readonly object callable
    cdef readonly dict state            # the lifespan's, or None
    cdef readonly object loop
    cdef readonly dict tasks            # that have not ended, and their exchanges: asyncio keeps only weak references
    cdef public bint ending             # the server cancels what has outlived its connections
    cdef object error_log

@cython.final
cdef class AsgiExchange(Exchange):
    cdef AsgiApplication application
    cdef Said said
    cdef object status, headers
    cdef bint promised_trailers
    cdef list trailers
    cdef list pieces                    # of the body, not yet framed
    cdef long long held                 # their bytes
    cdef bytes hints                    # interim answers, not yet written
    cdef bint suspended                 # the application waits for something: what it said must not
    cdef bint beside                    # the loop runs in another thread than the one that drives this
    cdef bint entered                   # its first step is running in this very call
    cdef bint body_told                 # the application has had the end of the body
    cdef object error                   # what it raised
    cdef bint refused                   # the rest of the body was no valid one: the client is answered that
    cdef bint disconnect_told           # because the peer has finished sending, and may be gone
    cdef bint returned                  # its task is over
    cdef bint timed_out                 # and is to be cancelled
    cdef double answered                # when it had said everything; only where the access log asks
    cdef str name                       # of a request that its application outlives: "GET /path"
    cdef object receiver, sender        # futures that it waits for
    cdef list incoming                  # body pieces for a loop in another thread

    cdef int _body_message(self, dict message) except -1
    cdef int _path_message(self, dict message) except -1
    cdef int _hint_message(self, dict message) except -1
    cdef int _trailers_message(self, dict message) except -1
    cdef int _changed(self) except -1
    cdef bint _must_wait(self) noexcept
    cdef object _wait_to_send(self)
    cdef object _next_message(self)
    cdef object _read_message(self)
    cdef object _wait_to_receive(self)
    cdef int _begin_task(self, object coroutine) except -1
    cdef int _write_head(self, Output output) except -1
    cdef int _write_hints(self, Output output) except -1
    cdef int _write_pieces(self, Output output) except -1
    cdef int _serve_receiver(self) except -1
    cdef int _settle_sender(self) except -1
    cdef int _settle(self, object future, object value, bint failed) except -1
