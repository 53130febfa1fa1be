# What the house asks of the kernel and of libc, as their headers declare it: the one place for it.

from libc.stdint cimport uint16_t, uint32_t, uint64_t

cdef extern from "sys/types.h" nogil:
    ctypedef long off_t
    ctypedef long ssize_t

cdef extern from "sys/socket.h" nogil:
    ctypedef unsigned int socklen_t
    struct sockaddr:
        pass
    struct sockaddr_storage:
        unsigned short ss_family
    struct iovec:
        void* iov_base
        size_t iov_len
    struct msghdr:
        void* msg_name
        socklen_t msg_namelen
        iovec* msg_iov
        size_t msg_iovlen
        void* msg_control
        size_t msg_controllen
        int msg_flags
    struct linger:
        int l_onoff
        int l_linger
    int AF_INET, AF_INET6, AF_UNIX
    int SOL_SOCKET, SO_ERROR, SO_LINGER, SO_RCVTIMEO, SO_SNDTIMEO
    int SHUT_RD, SHUT_WR, SHUT_RDWR
    int MSG_DONTWAIT, MSG_NOSIGNAL, MSG_MORE, MSG_PEEK
    int SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC
    int socket(int family, int kind, int protocol)
    int connect(int fd, const sockaddr* address, socklen_t size)
    ssize_t recv(int fd, void* buffer, size_t size, int flags)
    ssize_t send(int fd, const void* buffer, size_t size, int flags)
    struct cmsghdr:
        size_t cmsg_len
        int cmsg_level
        int cmsg_type
    cmsghdr* CMSG_FIRSTHDR(msghdr* message)
    unsigned char* CMSG_DATA(cmsghdr* header)
    size_t CMSG_LEN(size_t size)
    size_t CMSG_SPACE(size_t size)
    ssize_t sendmsg(int fd, const msghdr* message, int flags)
    int getpeername(int fd, sockaddr* address, socklen_t* size)
    int getsockname(int fd, sockaddr* address, socklen_t* size)
    int shutdown(int fd, int how)
    int getsockopt(int fd, int level, int name, void* value, socklen_t* size)
    int setsockopt(int fd, int level, int name, const void* value, socklen_t size)

cdef extern from "poll.h" nogil:
    struct pollfd:
        int fd
        short events
        short revents
    short POLLIN, POLLOUT, POLLRDHUP
    int poll(pollfd* entries, unsigned long count, int timeout)

# Beyond POSIX.
cdef extern from * nogil:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <poll.h>
    #include <sys/socket.h>
    #include <time.h>
    """
    struct timespec:
        long tv_sec
        long tv_nsec
    struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    int accept4(int fd, sockaddr* address, socklen_t* size, int flags)
    int recvmmsg(int fd, mmsghdr* messages, unsigned int count, int flags, timespec* timeout)
    int sendmmsg(int fd, mmsghdr* messages, unsigned int count, int flags)
    int ppoll(pollfd* entries, unsigned long count, const timespec* timeout, const void* mask)

cdef extern from "netinet/in.h" nogil:
    int IPPROTO_TCP
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

cdef extern from "netinet/tcp.h" nogil:
    int TCP_NODELAY

cdef extern from "arpa/inet.h" nogil:
    const char* inet_ntop(int family, const void* address, char* text, socklen_t size)

cdef extern from "signal.h" nogil:
    int SIGURG
    ctypedef void (*handler_type)(int) noexcept nogil
    handler_type SIG_DFL, SIG_IGN
    struct sigaction_type "sigaction":
        handler_type sa_handler
        int sa_flags
    int sigaction(int number, const sigaction_type* action, sigaction_type* former)
    int pthread_kill(unsigned long thread, int number)

cdef extern from "sys/sendfile.h" nogil:
    ssize_t sendfile(int target, int source, off_t* offset, size_t count)

cdef extern from "sys/epoll.h" nogil:
    ctypedef union epoll_data_t:
        void* ptr
        uint64_t u64
    struct epoll_event:
        uint32_t events
        epoll_data_t data
    uint32_t EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP, EPOLLET
    int EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL, EPOLL_CLOEXEC
    int epoll_create1(int flags)
    int epoll_ctl(int epoll, int operation, int fd, epoll_event* event)
    int epoll_wait(int epoll, epoll_event* events, int most, int timeout)

cdef extern from "sys/eventfd.h" nogil:
    int EFD_NONBLOCK, EFD_CLOEXEC
    int eventfd(unsigned int count, int flags)

cdef extern from "sys/ioctl.h" nogil:
    unsigned long FIONBIO
    int ioctl(int fd, unsigned long request, int* value)

cdef extern from "linux/sockios.h" nogil:
    unsigned long SIOCINQ, SIOCOUTQ

cdef extern from "sys/stat.h" nogil:
    struct stat_type "stat":
        unsigned long st_ino
        uint32_t st_mode
    int fstat(int fd, stat_type* found)
    int S_ISSOCK(uint32_t mode)

cdef extern from "sys/time.h" nogil:
    struct timeval:
        long tv_sec
        long tv_usec

cdef extern from "sys/prctl.h" nogil:
    int PR_SET_TIMERSLACK
    int prctl(int option, unsigned long value)

cdef extern from "sys/mman.h" nogil:
    int PROT_READ, PROT_WRITE, MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS, MAP_POPULATE
    void* MAP_FAILED
    void* mmap(void* where, size_t size, int protection, int flags, int fd, off_t offset)
    int munmap(void* where, size_t size)

# Of the compiler: a ring shared with the kernel needs ordered loads and stores.
cdef extern from * nogil:
    int ACQUIRE "__ATOMIC_ACQUIRE"
    int RELEASE "__ATOMIC_RELEASE"
    uint32_t atomic_load "__atomic_load_n" (uint32_t* place, int order)
    void atomic_store "__atomic_store_n" (uint32_t* place, uint32_t value, int order)
    void atomic_store_16 "__atomic_store_n" (uint16_t* place, uint16_t value, int order)

cdef extern from "unistd.h" nogil:
    long syscall(long number, ...)
    int close(int fd)
    ssize_t read(int fd, void* buffer, size_t size)
    ssize_t write(int fd, const void* buffer, size_t size)
    ssize_t readlink(const char* path, char* buffer, size_t size)
