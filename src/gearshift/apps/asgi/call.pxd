cimport cython

from gearshift.exchange cimport Application, Exchange
from gearshift.http.output cimport Output
from gearshift.loop_calls cimport LoopCalls

cdef class Callee(Application):
    cdef readonly object callable
    cdef readonly dict state            # the lifespan's, or None
    cdef readonly object loop
    cdef readonly dict tasks            # that have not ended, and their exchanges: asyncio keeps only weak references
    cdef public bint ending             # the server cancels what has outlived its connections
    cdef object error_log
    cdef readonly LoopCalls calls       # that the loop is to begin, where it runs beside the engine

cdef class Call(Exchange):
    cdef Callee application
    cdef bint suspended                 # the application waits for something: what it said must not
    cdef bint beside                    # the loop runs in another thread than the one that drives this
    cdef bint entered                   # its first step is running in this very call
    cdef bint refused                   # what the client sent was not valid: it is told so, the application's error is not
    cdef bint returned                  # its task is over
    cdef bint timed_out                 # and is to be cancelled
    cdef object error                   # what it raised
    cdef str name                       # of a request that its application outlives: "GET /path"

    cdef dict scope(self)
    cpdef int begin_here(self, dict scope) except -1
    cdef object _first_step(self, dict scope)
    cdef int _begin_task(self, dict scope) except -1
    cdef int _outcome(self, object task) except -1
    cdef int _task_over(self, object error) except -1
    cdef bint _has_spoken(self) noexcept
    cdef int _changed(self) except -1
    cdef int write_fields(self, Output output, object headers) except -1
