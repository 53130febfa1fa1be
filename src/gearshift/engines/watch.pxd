from gearshift.engines.readiness cimport ReadinessLoop

cpdef enum Sight:       # what a look at the loop has shown
    GO_ON
    HELD_UP             # one step has lasted too long, and goes on
    LET_GO              # it has ended
    QUIET               # nothing has run for long

cdef class Patience:
    cdef long patience              # looks at one step
    cdef long seen                  # which step, and
    cdef long still                 # how often since then
    cdef bint told                  # that it holds everybody up

    cdef Sight judge(self, long drives, bint busy) noexcept nogil

cdef class Watch:
    cdef ReadinessLoop loop
    cdef object thread
    cdef void* gate                 # a lock that the watch sleeps on while nothing runs
    cdef bint asleep, ended
    cdef int tick                   # milliseconds
    cdef long patience              # ticks

    cdef int wake(self) noexcept
    cdef int _look(self, ReadinessLoop loop, long seen, long still) except -1
    cdef bint _sleep(self, ReadinessLoop loop, long seen) except -1
