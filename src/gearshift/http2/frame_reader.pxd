cimport cython

cdef enum OfStream:
    NONE
    ONE
    ANY

@cython.final
cdef class FrameReader:
    cdef readonly int kind, flags
    cdef readonly unsigned int stream
    cdef readonly Py_ssize_t length, credit
    cdef const unsigned char* payload   # in `data` or in `block`, until the next call
    cdef bytes data                     # that has come
    cdef Py_ssize_t at                  # how much of it is read
    cdef bint greeting                  # the preface has not come yet
    cdef bint first                     # nor the first frame
    cdef unsigned int block_of          # stream of the header block that is not whole; 0: none
    cdef Py_ssize_t gathered, most_block
    cdef int continued, block_flags
    cdef list pieces
    cdef bytes block

    cpdef int feed(self, bytes data) except -1
    cpdef bint next(self) except -1
    cdef bint _preface(self) except -1
    cdef int _judge(self, Py_ssize_t length) except -1
    cdef int _judge_length(self, Py_ssize_t length) except -1
    cdef int _unwrap(self) except -1
    cdef int judge_priority(self) except -1
    cdef void _skip(self, Py_ssize_t size) noexcept
    cdef bint _block(self) except -1
