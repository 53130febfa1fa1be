cimport cython

from gearshift.http.date cimport DateLine
from gearshift.http.output cimport Output
from gearshift.http.protocol cimport Protocol
from gearshift.proxy.introduction cimport Introduction
from gearshift.tls.session cimport Seal, Shake, TlsSession

cdef class Driver:
    cdef char* input                    # the thread's one receive buffer
    cdef Py_ssize_t input_size
    cdef list spare                     # outputs at rest
    cdef readonly DateLine date
    cdef readonly double now            # monotonic seconds at the start of this turn
    cdef readonly double wall           # seconds since the epoch at the start of this turn
    cdef readonly bint can_block
    cdef readonly bint beside           # the event loop of an application runs in another thread
    cdef readonly unsigned long thread  # that drives with it at present, as threading.get_ident() names it
    cdef readonly object local          # what the application keeps for each engine thread
    cdef double shaking_since           # the turn in which handshakes took...
    cdef double shaking                 # ...so many seconds

    cdef Output take_output(self)
    cdef int give_output(self, Output output) except -1
    cdef void tick(self) noexcept
    cdef int receive_more(self, Channel channel) except -1
    cdef int flush(self, Channel channel) except -1
    cdef int wake(self, Channel channel) except -1
    cdef int nudge(self, Channel channel) except -1
    cdef int request_over(self) except -1
    cdef int loop_takes_more(self) except -1
    cdef bint may_shake(self) noexcept

cdef class Channel:
    cdef readonly int fd
    cdef readonly Protocol protocol
    cdef readonly Driver driver
    cdef Output output                  # bytes for the wire
    cdef readonly TlsSession tls        # None: what is on the wire is plain
    cdef readonly object listener
    cdef readonly Channel outer         # the HTTP/2 connection whose stream is carried here, or None
    cdef readonly long requests
    cdef readonly long long number      # of the connection, from 1
    cdef readonly double accepted_at    # monotonic seconds
    cdef readonly long long bytes_in, bytes_out
    cdef readonly double blocked_since  # monotonic seconds since which the peer takes less than there is; 0: it takes all
    cdef bint in_hand                   # a request of it runs
    cdef bint last                      # its next answer is the last: this process ends, and no other can go on with it
    cdef int last_kind                  # place in the service's times of the request that was over last
    cdef object memory                  # what the application's interface keeps for this connection
    cdef object _peer_host, _peer_port
    cdef readonly object via            # address of the proxy that told who the peer is (PROXY protocol), or None
    cdef readonly bint secured          # the peer came to that proxy by TLS
    cdef int standing                   # whether the peer is a trusted proxy (proxy/forwarding.pxd: Standing)
    cdef unsigned char peer[28]         # the raw sockaddr, as accept gave it
    cdef unsigned short family

    cdef Output writer(self)
    cdef str spoken(self, int minor)
    cdef TlsSession sealed_by(self)
    cdef Output wire(self)
    # Bytes of answers that the socket has not taken, sealed or not.
    @cython.final
    cdef inline long long unsent(self) noexcept:
        cdef long long count = 0 if self.output is None else self.output.pending
        if self.tls is not None and self.tls.plain is not None:
            count += self.tls.plain.pending
        return count
    cdef bint has_output(self) except -1
    cdef int seal(self) except -1
    cdef bint more(self) except -1
    cdef Py_ssize_t _open_sealed(self, char* place, Py_ssize_t room) except -2
    cdef Shake shake(self) except *
    cdef int say_goodbye(self) except -1
    cdef int give_back(self) except -1
    cdef int drop_output(self) except -1
    cdef int input_ended(self) noexcept
    # Whether the peer has finished sending.
    @cython.final
    cdef inline bint has_finished(self) noexcept:
        return self.protocol.eof or (self.tls is not None and self.tls.wire_ended)
    cdef Py_ssize_t kept_input(self) noexcept
    cdef int lose(self) except -1
    cpdef object peer_host(self)
    cpdef object peer_address(self)
    cpdef object peer_port(self)
    cdef int meet(self, Introduction introduction) except -1
