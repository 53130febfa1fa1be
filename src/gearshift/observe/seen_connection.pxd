from gearshift.connection cimport Connection

cpdef tuple seen(Connection connection)
cpdef str spoken(Connection connection)
cdef str _doing(Connection connection)
cdef double _doing_since(Connection connection)
