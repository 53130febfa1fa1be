from gearshift.engines.epoll cimport EpollEngine
from gearshift.engines.watch cimport Watch

cdef class WatchedEpollEngine(EpollEngine):
    cdef Watch watch_thread
    cdef public object reporter     # told when the loop's thread is held up, and when it goes on; or None
    cdef double held_since          # 0 while it is not
