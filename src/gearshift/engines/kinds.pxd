from gearshift.http.request cimport Request

cdef struct Kind:
    unsigned long long key          # of method and path, ids left out; 0: nobody has the place yet
    long runs
    double seconds                  # what one takes, an average in which old ones fade
    double processor_seconds        # of these, on the processor
    bint handed_on                  # it takes so long that another thread than the polling one runs it

cdef double SLOW                    # seconds from which on a request is worth another thread

cdef class Kinds:
    cdef Kind places[1024]
    cdef list names                 # of the kinds, as "GET /orders/*"; None where a place is free

    cpdef int find(self, Request request) except -1
    cdef Kind* at(self, int place) noexcept
    cpdef void ran(self, int place, double seconds) noexcept
    cpdef void surprised(self, int place) noexcept
    cpdef void measured(self, int place, double seconds, double processor_seconds) noexcept
