# io_uring as the kernel's ABI has it (linux/io_uring.h); declared here because headers older than 6.1 lack parts of it.

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef struct Submission:             # struct io_uring_sqe
    uint8_t opcode
    uint8_t flags
    uint16_t ioprio
    int32_t fd
    uint64_t offset
    uint64_t address
    uint32_t length
    uint32_t operation_flags
    uint64_t user_data
    uint16_t buffer_group
    uint16_t personality
    int32_t file_index
    uint64_t address3
    uint64_t padding

cdef struct Completion:             # struct io_uring_cqe
    uint64_t user_data
    int32_t result
    uint32_t flags

cdef struct BufferEntry:            # struct io_uring_buf; the tail of the ring lies in the first entry's `reserved`
    uint64_t address
    uint32_t length
    uint16_t number
    uint16_t reserved

cdef struct Offsets:                # struct io_sqring_offsets and io_cqring_offsets
    uint32_t head
    uint32_t tail
    uint32_t ring_mask
    uint32_t ring_entries
    uint32_t flags_or_overflow
    uint32_t dropped_or_entries
    uint32_t array_or_flags
    uint32_t reserved
    uint64_t user_address

cdef struct Parameters:             # struct io_uring_params
    uint32_t sq_entries
    uint32_t cq_entries
    uint32_t flags
    uint32_t sq_thread_cpu
    uint32_t sq_thread_idle
    uint32_t features
    uint32_t wq_fd
    uint32_t reserved[3]
    Offsets sq_off
    Offsets cq_off

cdef struct Timespec:               # struct __kernel_timespec
    long long seconds
    long long nanoseconds

cdef struct WaitArguments:          # struct io_uring_getevents_arg
    uint64_t sigmask
    uint32_t sigmask_size
    uint32_t least_wait
    uint64_t timespec

cdef struct BufferRegistration:     # struct io_uring_buf_reg
    uint64_t ring_address
    uint32_t ring_entries
    uint16_t group
    uint16_t flags
    uint64_t reserved[3]

cpdef enum Operation:               # enum io_uring_op
    POLL_ADD = 6
    ACCEPT = 13
    ASYNC_CANCEL = 14
    SEND = 26
    RECV = 27

cdef class Ring:
    cdef int fd
    cdef char* rings
    cdef size_t rings_size
    cdef Submission* submissions
    cdef size_t submissions_size
    cdef uint32_t* submission_head
    cdef uint32_t* submission_tail
    cdef uint32_t submission_mask, submission_entries
    cdef uint32_t tail, submitted       # what we have written, and what the kernel has been told of
    cdef uint32_t* completion_head
    cdef uint32_t* completion_tail
    cdef uint32_t completion_mask
    cdef Completion* completions
    cdef BufferEntry* buffer_ring
    cdef size_t buffer_ring_size
    cdef char* buffers
    cdef uint16_t buffer_tail

    cdef int _map(self, Parameters* parameters) except -1
    cdef void* _mapping(self, size_t size, int flags, long long offset) except NULL
    cdef int _make_buffers(self) except -1
    cdef Submission* prepare(self, int operation, int fd, uint64_t user_data) except NULL
    cdef int cancel(self, uint64_t user_data) except -1
    cdef int enter(self, unsigned int least, double seconds) except -1
    cdef Completion* peek(self) noexcept nogil
    cdef unsigned int completed(self) noexcept
    cdef void seen(self) noexcept nogil
    cdef char* buffer(self, int number) noexcept nogil
    cdef void give_back(self, int number) noexcept nogil
