# The walk, and what it asks of libc.

cimport cython
from libc.stdint cimport uint16_t, uint32_t

cdef extern from "sys/stat.h" nogil:
    struct stat_type "stat":
        uint32_t st_mode
    int fstat(int fd, stat_type* found)
    int S_ISSOCK(uint32_t mode)

cdef extern from "sys/socket.h" nogil:
    ctypedef unsigned int socklen_t
    struct sockaddr:
        pass
    struct sockaddr_storage:
        unsigned short ss_family
    int AF_INET, AF_INET6, AF_UNIX
    int getsockname(int fd, sockaddr* address, socklen_t* size)

cdef extern from "netinet/in.h" nogil:
    struct in_addr:
        uint32_t s_addr
    struct sockaddr_in:
        uint16_t sin_port
        in_addr sin_addr
    struct in6_addr:
        pass
    struct sockaddr_in6:
        uint16_t sin6_port
        in6_addr sin6_addr
    in6_addr in6addr_any

cdef extern from "unistd.h" nogil:
    ssize_t readlink(const char* path, char* buffer, size_t size)

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
