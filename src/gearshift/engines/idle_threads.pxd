cimport cython

# As PyThread_acquire_lock(), for so long at most; 1 where it was acquired. (pythread.h)
cdef extern from "pythread.h" nogil:
    int PyThread_acquire_lock_timed(void* lock, long long microseconds, int interruptible)

@cython.final
cdef class Hand:
    cdef IdleThreads threads
    cdef object work
    cdef object thread              # of the standard library
    cdef object task                # what is to be done next; None: nothing more
    cdef void* gate                 # a lock that an idle thread sleeps on

    cdef int _work(self) except -1
    cdef int _sleep(self) except -1

@cython.final
cdef class IdleThreads:
    cdef object work
    cdef long long patience         # microseconds
    cdef list idle                  # Hands that sleep
    cdef bint ended

    cpdef int run(self, object task, str name) except -1
    cpdef int end(self) except -1
