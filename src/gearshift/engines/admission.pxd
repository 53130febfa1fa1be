from gearshift.connection cimport Connection
from gearshift.engines.draining cimport DrainingLoop
from gearshift.engines.waiting cimport Standing

cdef class AdmittingLoop(DrainingLoop):
    cdef bint lets_in                   # those that waited have their turn
    cdef Standing standing              # whether turns last so long that what they serve has waited too long

    cdef bint handle(self, Connection connection) except -1
    cdef bint _may_run(self) noexcept
    cdef bint _queue(self, Connection connection) except -1
    cdef int serve_waiting(self) except -1
    cdef int answer_unserved(self, Connection connection) except -1
    cdef int _go_on(self, Connection connection) except -1
