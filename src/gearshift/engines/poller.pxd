from gearshift.engines.epoll cimport EpollEngine

cdef class PollerEngine(EpollEngine):
    cdef bint rests     # the poller is in its wait, or about to be, and nobody has ended that yet

    cdef int _rouse(self) except -1
