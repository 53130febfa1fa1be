from gearshift.connection cimport Connection
from gearshift.engines.kinds cimport Kinds
from gearshift.engines.pool cimport PoolEngine, PoolWorker
from gearshift.engines.watch cimport Watch

cdef class AutoWorker(PoolWorker):
    cdef Connection left            # that it was busy with when it was relieved of the polling

    cdef int _lead(self) except -1
    cdef int _finish_left(self) except -1

cdef class AutoEngine(PoolEngine):
    cdef readonly Kinds kinds
    cdef readonly AutoWorker leader # the thread that polls, or None while one is on its way
    cdef readonly long relieved     # how often a leader was held up and another took over
    cdef Watch watch_thread
    cdef object over                # set when everything is closed
    cdef object failure             # what ended the polling, if that was no drain

    cdef int _relieve(self, AutoWorker successor) except -1
