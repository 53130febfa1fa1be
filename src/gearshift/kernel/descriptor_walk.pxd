cimport cython
from gearshift.kernel.system_calls cimport in6_addr, sockaddr_storage, socklen_t

cdef struct Place:      # an address, as getsockname() tells it
    sockaddr_storage address
    socklen_t size

@cython.final
cdef class Walk:
    cdef readonly int open, own, accepted, sockets
    cdef int slots, places, many
    cdef char* mine         # a byte for each slot: whether the server has opened it
    cdef Place* place       # where it listens
    cdef int* other         # sockets that are neither
    cdef char* text         # the links of all that is no socket
    cdef Py_ssize_t length, room

    cdef int _look(self, int fd) noexcept nogil
    cdef bint _is_accepted(self, int fd) noexcept nogil
    cdef int _keep_link(self, int fd, bint own) noexcept nogil

cdef bint _same(const in6_addr* one, const in6_addr* other) noexcept nogil
