cimport cython

from gearshift.apps.native cimport Answer

@cython.final
cdef class Representation:
    cdef readonly bytes path, coding, media_type, etag, last_modified, fields, vary
    cdef readonly object content, stamp
    cdef readonly long long size, modified
    cdef readonly Answer answer, not_modified

    cpdef bint is_current(self)

@cython.final
cdef class Resource:
    cdef readonly bytes name, spelling
    cdef readonly Representation identity
    cdef readonly tuple variants, missing
    cdef readonly bint is_settled
    cdef readonly long long memory, descriptors
    cdef readonly double turn
    cdef double looked_for, queued

    cpdef bint is_current(self, double turn)

@cython.final
cdef class Cache:
    cdef readonly dict spelled, named
    cdef readonly long long memory, descriptors
    cdef public long long most_memory, most_descriptors
    cdef object _lock, _in_memory, _with_descriptors

    cdef object _queue_of(self, Resource resource)
    cdef object _drop_oldest(self, object queue)
    cdef object _drop(self, Resource resource)
