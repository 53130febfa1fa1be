from gearshift.kernel.system_calls cimport pollfd

cdef void* new_gate() except NULL
cdef void remove_gate(void* gate) noexcept
cdef void sleep_at(void* gate) noexcept
cdef int poll(pollfd* entries, int count, int milliseconds) noexcept
cdef void do_nothing(int number) noexcept nogil
cdef int let_sleepers_be_woken() except -1
cdef void call_out_of_wait(unsigned long thread) noexcept
