cimport cython

from gearshift.connection cimport Connection

cdef extern from "sys/socket.h" nogil:
    int MSG_DONTWAIT, MSG_NOSIGNAL, SHUT_WR
    Py_ssize_t recv(int fd, void* buffer, size_t size, int flags)
    Py_ssize_t send(int fd, const void* buffer, size_t size, int flags)
    int shutdown(int fd, int how)

@cython.final
cdef class Inner:
    cdef readonly object far            # a socket
    cdef readonly int fd
    cdef readonly Connection connection
    cdef readonly object session
    cdef public object stream           # that it carries, or None
    cdef public bint readable, hung_up
    cdef public long served
    cdef public double idle_since

    cdef bint rests(self) noexcept
    cdef bint never_began(self) noexcept
    cdef Py_ssize_t send(self, const char* data, Py_ssize_t size) except? -2
    cdef Py_ssize_t receive(self, char* place, Py_ssize_t size) noexcept
    cdef void end_request(self) noexcept
