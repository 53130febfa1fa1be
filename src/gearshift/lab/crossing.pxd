cdef extern from "signal.h" nogil:
    ctypedef struct sigset_t:
        pass
    int sigaddset(sigset_t *set, int number)

cdef double nanoseconds() noexcept nogil
