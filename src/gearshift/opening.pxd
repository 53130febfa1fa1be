from gearshift.connection cimport Connection, Phase, Step

cdef int begin(Connection connection, object listener) except -1
cdef Phase _first_phase(Connection connection) noexcept
cdef int take_introduction(Connection connection, const char* data, Py_ssize_t size) except -1
cdef bint waits_for_introduction(Connection connection) noexcept
cdef Step shake_hands(Connection connection) except *
cdef bint multiplex(Connection connection) except? -1
