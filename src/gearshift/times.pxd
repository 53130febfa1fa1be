from gearshift.http.request cimport Request

cdef struct Spread:             # of durations, in seconds
    unsigned long long count
    double total, longest
    unsigned int buckets[56]    # two an octave, from a microsecond

cdef struct Place:              # of one kind of request
    unsigned long long key      # 0: nobody's yet
    Spread queue                # from the socket being read to the call of the application
    Spread handler              # from the call to the answer's last byte, without what stands below
    Spread write_blocked        # the peer took less than there was to send
    double sampled_handler      # of those whose time on the processor was measured
    double sampled_processor

cdef class Times:
    cdef Place* places
    cdef list names             # of the kinds, as "GET /orders/*"; None where a place is free
    cdef unsigned long runs
    cdef public double accept_wait  # seconds that who is accepted now has waited, estimated; below 0: not known
    cdef readonly double floor  # seconds in all from which a request is among the slowest
    cdef list slowest

    cpdef bint wants_processor(self, Request request) noexcept
    cpdef int took(self, Request request, int status, double queue, double handler, double write_blocked, double processor) except -1
    cpdef int wrote(self, int place, double seconds) noexcept
    cpdef int keep(self, object record) except -1
    cdef int _find(self, unsigned long long key) noexcept
    cdef object _told(self, Place* place, object name)

cdef void _add(Spread* spread, double seconds) noexcept
cdef double _upper_bound(int bucket) noexcept
cdef double _quantile(Spread* spread, double share) noexcept
cdef dict _summary(Spread* spread)
cdef list _buckets(Spread* spread)
