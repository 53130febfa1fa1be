cimport cython
from cpython.object cimport PyObject

from gearshift.channel cimport Channel, Driver
from gearshift.exchange cimport Exchange, Service
from gearshift.http.output cimport Output
from gearshift.http.protocol cimport Protocol
from gearshift.http.response cimport Response
from gearshift.conversation cimport Conversation
from gearshift.proxy.introduction cimport Introduction

cdef enum Step:
    READ        # bring more bytes from the peer
    WRITE       # send what waits in the output
    RUN         # a request is whole: call the application
    WAIT        # for the application, and if wants_input() for the peer too
    CLOSE       # nothing is left to do
    LATER       # in the next turn: this one has had its share of handshakes

cpdef enum Phase:
    SERVING         # requests are read and answered
    LAST_ANSWER     # what is in the output is the last thing to be sent
    LINGERING       # sending is over; what still comes is read and dropped, so that no reset eats the answer
    DONE            # close it
    CONVERSING      # no HTTP: a raw handler is told what comes
    INTRODUCED      # a proxy is saying by the PROXY protocol who its client is
    SHAKING         # TLS: there are no keys yet

cdef enum Deadline:
    NO_DEADLINE
    IDLE_UNTIL          # keep-alive: no byte of a request yet
    HEAD_BY             # from its first byte
    BODY_PROGRESS_BY    # from the last byte of it
    WRITE_PROGRESS_BY   # from the last byte the peer took
    LINGER_UNTIL

@cython.final
cdef class Connection(Channel):
    cdef readonly Service service
    cdef readonly Exchange exchange
    cdef readonly Conversation conversation     # with a raw handler; None where HTTP is spoken
    cdef Introduction introduction      # what has come of it, while it is being read
    cdef readonly bint datagrams        # its socket has no peer: what comes is read by the conversation
    cdef readonly Phase phase
    cdef readonly Deadline deadline     # which clock runs while the engine does the last step
    cdef readonly bint reset            # close with a reset: the answer must not look whole
    cdef readonly bint unread_input              # there is, or will be, input that nobody reads

    # The engine's own bookkeeping, so that an idle connection is one object.
    cdef unsigned int interest          # what the poller watches for
    cdef bint blocked                   # the last send did not take everything
    cdef bint ending                    # the server ends it: what has come is served, and nothing more
    cdef bint queued                    # stands in an engine's queue of its own accord
    cdef bint half_closed               # the peer had finished before its request began to wait
    cdef bint gone                      # the client of a request that waits has left
    cdef bint waits                     # stands in the queue of requests that wait to run
    cdef bint lent                      # a thread of the pool drives it
    cdef bint awaits_room               # none does just now: one goes on once the socket takes more
    cdef Output in_flight               # what a submitted send reads from, or None
    cdef unsigned int armed             # operations under way, a bit for each purpose
    cdef unsigned int cancelled         # of these, the ones that were asked to end
    cdef bint news                      # there is input that epoll will not report again
    cdef int untaken                    # bytes in the kernel that the peer had not taken at the last look
    cdef int receive_timeout            # milliseconds, as a blocking socket was last told
    cdef double since                   # when the deadline's clock began
    cdef Deadline listed                # in which of the engine's lists it stands
    cdef PyObject* previous
    cdef PyObject* following

    cdef Step advance(self) except *
    cdef Step _advance_sealed(self) except *
    cdef Step _next_step(self) except *
    cdef Step _between_requests(self) except *
    cdef bint _owes_keys(self) noexcept
    cdef Step _end(self) except *
    cdef int _begin_exchange(self) except -1
    cdef int _finish_exchange(self) except -1
    cdef int _answered(self) except -1
    cdef int _refuse(self) except -1
    cdef Step _converse(self) except *
    cdef int _delivered(self) except -1
    cdef bint speaks(self) noexcept
    cdef int run(self) except -1
    cdef int shed(self) except -1
    cdef int received(self, const char* data, Py_ssize_t size) except -1
    cdef int received_eof(self) except -1
    cdef int took_part(self, double now) noexcept
    cdef int took_all(self, double now) noexcept
    cdef bint takes_input(self) noexcept
    cdef int settle(self) except -1
    cdef int expire(self) except -1
    cdef bint at_boundary(self) noexcept
    cdef bint may_leave(self) noexcept
    cdef bint stays(self, bint elsewhere) noexcept
    cdef int change_engine(self, Driver driver, Service service) except -1
    cdef int finish(self) except -1
