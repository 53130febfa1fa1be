from gearshift.connection cimport Connection
from gearshift.engines.blocking cimport BlockingDriver
from gearshift.engines.readiness cimport ReadinessLoop

cdef class PoolWorker(BlockingDriver):
    cdef PoolEngine engine
    cdef void* gate                 # a lock that an idle worker sleeps on
    cdef readonly str name
    cdef readonly Connection serving
    cdef long long share            # bytes that it sends yet of this answer while others wait

    cdef bint _room_before_needed(self, Connection connection) except -1
    cdef bint _is_needed(self) except -1
    cdef int _work(self) except -1
    cdef int _sleep(self) except -1
    cdef int _serve_one(self, Connection connection) except -1

cdef class PoolEngine(ReadinessLoop):
    cdef readonly list workers
    cdef list threads               # theirs
    cdef list idle                  # the one that fell idle last is woken first: its stack is warm
    cdef object resumed             # connections in the middle of sending, whose sockets take more again
    cdef readonly Py_ssize_t most_workers
    cdef readonly long taken
    cdef Py_ssize_t leading         # workers that poll and so serve nothing that was handed on
    cdef bint resumed_last          # the last that a thread took was one of them
    cdef bint preload
    cdef bint waking                # a worker has been woken and has not arrived yet
    cdef bint blocking              # the last request to end had made its thread wait
    cdef double longest_wait

    cdef int _wake_worker(self) except -1
    cdef int _start_worker(self) except -1
    cdef int _resume(self, Connection connection) except -1
    cdef int interrupted(self, Connection connection, bint now) except -1
    cdef PoolWorker make_worker(self, str name)
    cdef int _poll(self) except -1
    cdef int _preload(self) except -1
    cdef int _stopped(self) except -1
    cdef int _join(self) except -1
    cdef Connection _next(self)
    cdef Connection _next_waiting(self)
    cdef bint leaves_unread(self, Connection connection) except -1
    cdef bint park(self, Connection connection, double now) except -1
    cdef bint read_news(self, Connection connection, PoolWorker worker) except -1
    cdef int forget(self, Connection connection) noexcept
    cdef int closed_by_worker(self, Connection connection) except -1
