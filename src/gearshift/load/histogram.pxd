from libc.stdint cimport uint64_t

cdef extern from * nogil:
    int leading_zeros "__builtin_clzll" (unsigned long long value)

cdef enum:
    SLOTS = 34816       # 34 times 1024: up to 2**43 ns

cdef class Histogram:
    cdef readonly unsigned long long count
    cdef readonly double total          # nanoseconds
    cdef uint64_t least, most
    cdef uint64_t slots[SLOTS]

    cdef void note(self, uint64_t nanoseconds) noexcept nogil
    cdef void forget(self) noexcept nogil
    cdef uint64_t _at_rank(self, uint64_t rank) noexcept nogil

cdef int _slot(uint64_t nanoseconds) noexcept nogil
cdef uint64_t _highest_in(int slot) noexcept nogil
