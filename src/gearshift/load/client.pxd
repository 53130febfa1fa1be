from gearshift.kernel.system_calls cimport epoll_event
from gearshift.load.peer cimport Address, Asked, Peer
from gearshift.load.sequence cimport Sequence
from gearshift.load.tally cimport Failure, Tally
from libc.stdint cimport uint64_t

cdef class Client:
    cdef readonly Tally tally
    cdef Sequence sequence
    cdef Address address
    cdef int epoll, connections, places     # places: requests that may be asked at once, of all connections
    cdef bint each_closes, sending, started
    cdef double interval            # nanoseconds from one due request to the next; 0: closed loop
    cdef uint64_t timeout, sweep_at, origin
    cdef readonly unsigned long long issued
    cdef readonly int connecting, outstanding
    cdef readonly int last_errno    # of the latest failure that the kernel told
    cdef readonly int unusual_errno # of the latest CONNECT_FAILED
    cdef Peer* peers
    cdef Asked* asked
    cdef int* vacant                # of an open loop: a ring of places, each by the number of its peer
    cdef int vacant_first, vacant_many
    cdef epoll_event* events
    cdef char* buffer

    cdef int _turns(self, uint64_t until) noexcept nogil
    cdef int _wait(self, uint64_t until, uint64_t now) noexcept nogil
    cdef int _wait_until(self, uint64_t due, uint64_t now) noexcept nogil
    cdef void _issue(self, uint64_t now) noexcept nogil
    cdef void _fill(self, Peer* peer, uint64_t now) noexcept nogil
    cdef void _send(self, Peer* peer, uint64_t now) noexcept nogil
    cdef void _connect(self, Peer* peer, uint64_t now) noexcept nogil
    cdef void _connected(self, Peer* peer, uint64_t now) noexcept nogil
    cdef void _ready(self, Peer* peer, unsigned int events) noexcept nogil
    cdef void _receive(self, Peer* peer) noexcept nogil
    cdef void _read(self, Peer* peer, Py_ssize_t size, uint64_t now) noexcept nogil
    cdef void _ended(self, Peer* peer, uint64_t now) noexcept nogil
    cdef bint _answered(self, Peer* peer, uint64_t now) noexcept nogil
    cdef void _go_on(self, Peer* peer, uint64_t now) noexcept nogil
    cdef void _failed(self, Peer* peer, int error, uint64_t now) noexcept nogil
    cdef void _lost(self, Peer* peer, Failure kind, uint64_t now) noexcept nogil
    cdef void _hang_up(self, Peer* peer) noexcept nogil
    cdef void _vacate(self, Peer* peer, int many) noexcept nogil
    cdef void _withdraw(self, Peer* peer) noexcept nogil
    cdef void _sweep(self, uint64_t now) noexcept nogil
    cdef void _look(self, Peer* peer, uint64_t now) noexcept nogil

cdef uint64_t _now() noexcept nogil
