from libc.stdint cimport uint32_t

cdef extern from "sys/socket.h" nogil:
    ctypedef unsigned int socklen_t
    struct sockaddr:
        pass
    struct sockaddr_storage:
        unsigned short ss_family
    int AF_INET, AF_INET6
    int getsockname(int fd, sockaddr* address, socklen_t* size)
    int getsockopt(int fd, int level, int name, void* value, socklen_t* size)

cdef extern from "arpa/inet.h" nogil:
    const char* inet_ntop(int family, const void* address, char* text, socklen_t size)

cdef extern from "sys/ioctl.h" nogil:
    int ioctl(int fd, unsigned long request, int* value)

cdef extern from "linux/sockios.h" nogil:
    unsigned long SIOCINQ, SIOCOUTQ

cdef extern from "sys/stat.h" nogil:
    struct stat_type "stat":
        unsigned long st_ino
    int fstat(int fd, stat_type* found)

cpdef tuple socket_row(int fd)
cdef str _local(int fd)
cdef object _asked(int fd, unsigned long request)
