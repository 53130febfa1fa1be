from gearshift.engines.readiness cimport ReadinessLoop

cdef class EpollEngine(ReadinessLoop):
    cpdef list select(self, double timeout)
