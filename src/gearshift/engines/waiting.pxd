from gearshift.connection cimport Connection
from gearshift.exchange cimport Service

cdef class Standing:
    cdef Service service
    cdef readonly double target     # seconds that a request may wait
    cdef double since               # when waits went above it, or 0
    cdef double lasted              # the last turn, in seconds
    cdef double told                # when the last line about it was written
    cdef readonly bint overdue      # they have stayed there

    cdef void turn_lasted(self, double seconds, double now) noexcept
    cdef bint finds_overdue(self, double began) noexcept
    cdef void saw(self, double wait, double now) noexcept
    cdef void over(self) noexcept
    cdef int tell(self, double now) except -1

cdef class WaitingRequests:
    cdef Service service
    cdef object requests
    cdef Py_ssize_t count
    cdef readonly Py_ssize_t most
    cdef readonly Standing standing

    cdef bint put(self, Connection connection, double now, Py_ssize_t more) except -1
    cdef Connection take(self)
    cdef int judge(self, double now) except -1
    cdef Connection take_overdue(self, double now)
    cdef int remove(self, Connection connection) except -1
