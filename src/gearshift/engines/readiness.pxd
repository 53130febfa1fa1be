from cpython.object cimport PyObject

from gearshift.connection cimport Connection, Step
from gearshift.engines.admission cimport AdmittingLoop
from gearshift.kernel.system_calls cimport epoll_event

cdef class ReadinessLoop(AdmittingLoop):
    cdef epoll_event events[256]
    cdef int next_event, event_count
    cdef long drives                    # counts what drive() has begun
    cdef list gathered                  # connections whose answers leave together
    cdef list onward                    # those whose answers have left, before their next steps
    cdef bint gathers                   # other events stand behind the one that is being served
    cdef double gathered_since          # when the first of them was ready
    cdef PyObject* driven               # borrowed: the connection that drive() is busy with, or NULL

    cdef int turn(self, double timeout) except -1
    cdef int _wait(self, double timeout) except -1
    cdef int _expired(self, Connection connection) except -1
    cdef double _patience(self, double timeout) noexcept
    cdef int _dispatch(self, epoll_event* event) except -1
    cdef int _busy_with(self, Connection connection) except -1
    cdef int _receive(self, Connection connection, unsigned int events) except -1
    cdef int drive(self, Connection connection) except -1
    cdef bint _write(self, Connection connection) except -1
    cdef int _rest(self, Connection connection, Step step) except -1
    cdef int held_up(self, long milliseconds) except -1
    cdef int let_go(self) except -1
    cdef int _later(self) except -1
    cdef int _gather(self, Connection connection) except -1
    cdef bint _may_gather(self) noexcept
    cdef bint _send_one(self, Connection connection) except -1
    cdef int _send_gathered(self) except -1
