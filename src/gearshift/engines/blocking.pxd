from gearshift.channel cimport Channel, Driver
from gearshift.connection cimport Connection, Deadline
from gearshift.exchange cimport Service

cpdef enum Outcome:
    CLOSED          # the socket is closed
    AT_BOUNDARY     # between requests, with nothing to read at hand
    FULL            # the socket takes no more, and this thread does not wait for it

cdef class BlockingDriver(Driver):
    cdef Service service
    cdef double seconds[6]
    cdef bint parks                 # give a connection back between requests
    cdef bint leave_asked           # and so does this one from now on
    cdef bint resting               # waits for the next request, nothing else
    cdef int wakeup                 # an eventfd for applications that run beside, or -1

    cdef Outcome serve(self, Connection connection) except *
    cdef int run_step(self, Connection connection) except -1
    cdef int close(self, Connection connection) except -1
    cdef bint _send_all(self, Connection connection) except -1
    cdef bint _flushed(self, Connection connection) except -1
    cdef int _receive(self, Connection connection) except -1
    cdef double _remaining(self, Connection connection) noexcept
    cdef Py_ssize_t _blocking_recv(self, Connection connection, double seconds) noexcept
    cdef Py_ssize_t _recv_with_timeout(self, Connection connection, int milliseconds) noexcept
    cdef int _taken(self, Connection connection, Py_ssize_t size) except -1
    cdef int _make_wakeup(self) except -1
    cdef int _wait(self, Connection connection) except -1
    cdef int _give_up(self, Connection connection) except -1
    cdef bint _ready_to_write(self, Connection connection) noexcept
    cdef bint _room_within(self, Connection connection, double seconds) noexcept
