from cpython.object cimport PyObject

from gearshift.connection cimport Connection

cdef class DeadlineLists:
    cdef PyObject* first[6]
    cdef PyObject* last[6]
    cdef double seconds[6]
    cdef readonly Py_ssize_t size

    cdef void enter(self, Connection connection, int kind, double now, bint progressed) noexcept
    cdef void leave(self, Connection connection) noexcept
    cdef double next_due(self) noexcept
    cdef Connection expired(self, double now)
    cdef Connection oldest(self, int kind)
    cdef bint rests(self, Connection connection) noexcept
    cdef list resting(self)
