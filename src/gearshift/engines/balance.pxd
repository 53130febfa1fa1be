cimport cython

@cython.final
cdef class Balance:
    cdef long* counts
    cdef int places, place

    cdef void note(self, long connections) noexcept
    cpdef bint leads(self, long connections) noexcept
