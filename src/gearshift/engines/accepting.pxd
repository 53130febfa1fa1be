from gearshift.channel cimport Driver
from gearshift.connection cimport Connection
from gearshift.engines.balance cimport Balance
from gearshift.engines.deadlines cimport DeadlineLists
from gearshift.engines.waiting cimport WaitingRequests
from gearshift.exchange cimport Service
from gearshift.loop_calls cimport LoopCalls

cpdef enum Life:
    ACCEPTING       # connections are taken and served
    HANDING_OVER    # no new ones; each is given to another engine between two requests
    DRAINING        # no new ones; what was received is answered
    STOPPED         # nothing runs any more

cdef enum Tag:      # what an event of epoll is about, where it is no connection: 1 and above are listeners
    WAKEUP = 0
    FIRST_POINTER = 65536

cdef class AcceptingLoop(Driver):
    cdef readonly Service service
    cdef readonly DeadlineLists deadlines
    cdef readonly Life life
    cdef readonly list listeners
    cdef Balance balance                # with other processes that accept from the same queues, or None
    cdef bint rested                    # others with fewer connections were let come first just now
    cdef int deferred                   # and so often in a row they did not
    cdef object timeouts
    cdef int epoll, wakeup
    cdef readonly object successor      # the engine that takes over, or None
    cdef bint elsewhere                 # it is another process, which goes on accepting from the same listeners
    cdef list arrivals                  # connections that another engine has given to this one
    cdef unsigned int arm               # EPOLLET where others drive the connections too
    cdef readonly Py_ssize_t connections
    cdef readonly Py_ssize_t most_connections
    cdef readonly WaitingRequests waiting   # requests that wait for their turn to run
    cdef readonly long most_requests    # that run at once
    cdef LoopCalls calls                # of an application with an event loop, or None
    cdef object woken                   # a deque: connections with news, or with more to do than a turn allows
    cdef list closed                    # kept to the turn's end: one of its events may still name them
    cdef list foreign                   # ready descriptors that are somebody else's: (tag, events)
    cdef double resume_accepting        # 0, or when to try again after running out of descriptors
    cdef double last_exhaustion
    cdef double drain_seconds           # below 0: nobody has asked
    cdef bint begun, stop_asked

    cdef int _accept(self, object listener) except -1
    cdef int _fair_share(self) except -1
    cdef int adopt(self, int fd, object listener, void* address, unsigned int size) except -1
    cdef int _hold(self, Connection connection) except -1
    cdef int _welcome(self) except -1
    cdef int _hand_over(self) except -1
    cdef bint _give_away(self, Connection connection) except -1
    cdef bint _is_empty(self) except -1
    cdef bint _let_leave(self, Connection connection) except -1
    cdef bint _register(self, Connection connection) except -1
    cdef int _unregister(self, Connection connection) except -1
    cdef int watch(self, Connection connection, unsigned int interest) noexcept
    cdef int rearm(self, Connection connection) noexcept
    cdef int _make_room(self) except -1
    cdef int _exhausted(self, int number) except -1
    cdef int _listen(self, bint on) except -1
    cdef int close(self, Connection connection) except -1
