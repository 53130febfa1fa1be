cimport cython

from gearshift.apps.asgi.call cimport Call
from gearshift.apps.asgi.resumption cimport Resumption

cdef class Conversing(Call):
    cdef list receivers, senders        # Resumptions of tasks that wait

    cdef object next_message(self)      # None: nothing has come
    cdef bint may_send(self) except -1  # raises where nothing can be sent any more
    cdef int resume_receivers(self, bint here) except -1
    cdef int resume_senders(self, bint here) except -1
    cdef bint has_message(self) noexcept

@cython.freelist(64)
cdef class Turn:
    cdef Conversing call
    cdef Resumption wait

    cdef Resumption _wait(self, list waiting)

@cython.final
cdef class Receiving(Turn):
    cdef object _next(self)

@cython.final
cdef class Sending(Turn):
    cdef object _next(self)

cdef Receiving receiving(Conversing call)
cdef Sending sending(Conversing call)
