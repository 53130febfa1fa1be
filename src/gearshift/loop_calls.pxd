from gearshift.channel cimport Driver

cdef class LoopCalls:
    cdef object loop
    cdef object waiting         # a deque of calls and their scopes
    cdef Driver driver          # whose call came last, while some wait
    cdef bint told              # the loop knows that some wait
    cdef Py_ssize_t most        # that may wait, or be in their first steps
    cdef Py_ssize_t under_way   # these
    cdef double since           # monotonic seconds since which there are such

    cdef int put(self, object call, dict scope, Driver driver) except -1
    cdef bint takes_more(self, Py_ssize_t coming) noexcept
    cdef void steps(self) noexcept
    cdef int stepped(self) except -1
    cdef int _stepped(self, double seconds) except -1
