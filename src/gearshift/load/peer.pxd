from gearshift.kernel.system_calls cimport sockaddr, sockaddr_storage, socklen_t
from gearshift.load.answer cimport Answer
from gearshift.load.sequence cimport Sequence
from libc.stdint cimport uint64_t

cdef enum Phase:
    CLOSED
    CONNECTING
    OPEN
    PAUSED                  # connecting failed: it is tried again a little later

cdef struct Asked:          # one request
    uint64_t due, sent      # nanoseconds; sent: 0 before it begins to leave
    int request             # its place in the sequence

cdef struct Peer:           # one connection, and what is asked over it
    int fd                  # -1: none
    Phase phase
    bint watching           # for room to send
    int broken              # why nothing more can be sent, an errno; what has come is still read
    Asked* asked            # a ring
    int places, first, many # its size, its first, how many are in it
    int unsent              # how many of the last have not left completely
    Py_ssize_t gone         # bytes of the first unsent that have left
    uint64_t since          # when connecting began; 0 where it has not
    uint64_t again          # when it is tried again
    bint answering          # an answer has begun
    Answer answer

cdef struct Address:
    sockaddr_storage storage
    socklen_t size

cdef int dial(Peer* peer, const Address* address, int epoll) noexcept nogil
cdef int outcome(const Peer* peer) noexcept nogil
cdef int watch(Peer* peer, int epoll, bint room) noexcept nogil
cdef void hang_up(Peer* peer) noexcept nogil
cdef void ask(Peer* peer, uint64_t due, int request) noexcept nogil
cdef Asked* first_unsent(const Peer* peer) noexcept nogil
cdef Py_ssize_t to_send(Peer* peer, Sequence sequence, uint64_t now) noexcept nogil
cdef void has_left(Peer* peer, Sequence sequence, Py_ssize_t size) noexcept nogil
cdef void answered(Peer* peer) noexcept nogil
cdef void ask_again(Peer* peer) noexcept nogil
cdef int withdraw(Peer* peer) noexcept nogil
