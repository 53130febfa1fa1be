cdef void do_nothing(int number) noexcept nogil
cdef int let_sleepers_be_woken() except -1
cdef void call_out_of_wait(unsigned long thread) noexcept
