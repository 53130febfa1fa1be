from gearshift.load.histogram cimport Histogram
from libc.stdint cimport uint64_t

cdef enum Failure:          # in the order of FAILURES
    REFUSED
    CONNECT_TIMEOUT
    CONNECT_FAILED
    TIMEOUT
    RESET
    CLOSED_SHORT
    MALFORMED
    FAILURE_KINDS           # how many there are

cdef class Tally:
    cdef readonly Histogram latency, from_sent, connecting
    cdef readonly unsigned long long answered, answered_late, opened, bytes_in, bytes_out
    cdef uint64_t start, stop       # nanoseconds of the monotonic clock
    cdef unsigned long long by_status[1000]
    cdef unsigned long long by_kind[FAILURE_KINDS]

    cdef void begin(self, uint64_t start, uint64_t stop) noexcept nogil
    cdef void answer(self, uint64_t due, uint64_t sent, uint64_t now, int status) noexcept nogil
    cdef void failed(self, Failure kind, int many) noexcept nogil
    cdef void connected(self, uint64_t took) noexcept nogil
