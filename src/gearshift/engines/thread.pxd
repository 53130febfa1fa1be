from gearshift.connection cimport Connection
from gearshift.engines.accepting cimport Life
from gearshift.engines.blocking cimport BlockingDriver
from gearshift.engines.idle_threads cimport IdleThreads
from gearshift.engines.waiting cimport WaitingRequests
from gearshift.exchange cimport Service
from gearshift.loop_calls cimport LoopCalls

cdef enum Verdict:      # on a request that waits to run
    RUN
    COME_BACK_LATER
    END                 # the server ends

cdef class ThreadDriver(BlockingDriver):
    cdef ThreadEngine engine
    cdef void* gate                     # a lock that a waiting request's thread sleeps on
    cdef Verdict verdict

cdef class ThreadEngine:
    cdef readonly Service service
    cdef readonly Life life
    cdef readonly list listeners
    cdef readonly dict open             # descriptor -> Connection
    cdef object timeouts
    cdef list spare                     # drivers at rest
    cdef IdleThreads threads
    cdef int wakeup
    cdef readonly object successor      # the engine that takes over, or None
    cdef bint elsewhere                 # it is another process, which goes on accepting from the same listeners
    cdef list arrivals                  # connections that another engine has given to this one
    cdef readonly WaitingRequests waiting   # requests that wait for their turn to run
    cdef LoopCalls calls                # of an application with an event loop, or None
    cdef readonly long most_requests    # that run at once
    cdef long admitted                  # of the waiting: told to run, and about to
    cdef Py_ssize_t most_connections
    cdef long started
    cdef readonly double now            # monotonic seconds when the accepting thread last came round
    cdef double drain_seconds, last_exhaustion
    cdef bint stop_asked
    cdef bint needs_room                # accepting rests until a descriptor is free
    cdef readonly bint cut              # connections were ended that still had something under way

    cdef bint has_room(self) noexcept
    cdef int admit(self) except -1
    cdef int _wake(self, Connection connection, Verdict verdict) except -1
    cdef int _judge(self) except -1
    cdef int _turn(self, double seconds) except -1
    cdef bint _wait(self, double seconds) except -1
    cdef int _accept(self, object listener) except -1
    cdef int _begin(self, int fd, object listener, void* address, unsigned int size) except -1
    cdef int _welcome(self) except -1
    cdef bint _has_driver(self, int listening) except -1
    cdef bint _start(self, Connection connection) except -1
    cdef bint _give(self, Connection connection) except -1
    cdef int _hand_over(self) except -1
    cdef bint _make_room(self) except -1
    cdef int _exhausted(self, int number) except -1
    cdef int _drain(self) except -1
    cdef int _end_idle(self, bint fresh_too) except -1
