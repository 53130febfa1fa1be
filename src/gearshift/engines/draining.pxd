from gearshift.connection cimport Connection
from gearshift.engines.accepting cimport AcceptingLoop

cdef class DrainingLoop(AcceptingLoop):
    cdef double grace_ends, drain_ends
    cdef readonly bint cut              # connections were ended that still had something under way
    cdef long term                      # counts the threads that have led this loop; stays 0 where it is one
    cdef list to_look_at                # those not yet looked at for the last time

    cdef int ready(self, Connection connection, unsigned int events) except -1
    cdef int broken(self, Connection connection, object error) except -1
    cdef int _look_once(self, Connection connection) except -1
    cdef int _begin_drain(self) except -1
    cdef int _look_at_all(self) except -1
    cdef int _check_drain(self) except -1
    cdef int release(self) except -1
