cdef double monotonic() noexcept nogil
cdef double wall_clock() noexcept nogil
cdef double thread_clock() noexcept nogil
