"""One connection to the server, and the requests that are asked over it, in their order."""

import cython
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.gearshift.load.peer import Asked, Phase
from cython.cimports.gearshift.load.sequence import Sequence
from cython.cimports.libc.errno import EINPROGRESS, errno


def dial(peer, address, epoll):
    """Begins a connection: 0 where it is there at once, EINPROGRESS where epoll tells, else why there is none."""
    event: sockets.epoll_event
    on: cython.int = 1
    where: cython.pointer[sockets.sockaddr] = cython.cast(
        cython.pointer[sockets.sockaddr], cython.address(address.storage)
    )
    result: cython.int = 0
    peer.phase = Phase.CONNECTING
    peer.fd = sockets.socket(
        address.storage.ss_family, sockets.SOCK_STREAM | sockets.SOCK_NONBLOCK | sockets.SOCK_CLOEXEC, 0
    )
    if peer.fd < 0:
        return errno
    if address.storage.ss_family != sockets.AF_UNIX:
        sockets.setsockopt(
            peer.fd, sockets.IPPROTO_TCP, sockets.TCP_NODELAY, cython.address(on), cython.sizeof(on)
        )
    if sockets.connect(peer.fd, where, address.size) < 0:
        result = errno
        if result != EINPROGRESS:
            return result
    event.events = sockets.EPOLLOUT if result else sockets.EPOLLIN
    event.data.ptr = peer
    if sockets.epoll_ctl(epoll, sockets.EPOLL_CTL_ADD, peer.fd, cython.address(event)) < 0:
        return errno
    return result


def outcome(peer):
    """What has become of connecting: 0 or an errno."""
    error: cython.int = 0
    size: sockets.socklen_t = cython.sizeof(error)
    sockets.getsockopt(
        peer.fd, sockets.SOL_SOCKET, sockets.SO_ERROR, cython.address(error), cython.address(size)
    )
    return error


def watch(peer, epoll, room):
    event: sockets.epoll_event
    peer.watching = room
    event.events = sockets.EPOLLIN | (sockets.EPOLLOUT if room else 0)
    event.data.ptr = peer
    return sockets.epoll_ctl(epoll, sockets.EPOLL_CTL_MOD, peer.fd, cython.address(event))


def hang_up(peer):
    if peer.fd >= 0:
        sockets.close(peer.fd)
    peer.fd = -1
    peer.phase = Phase.CLOSED
    peer.watching = peer.answering = False
    peer.broken = 0
    peer.gone = 0


def ask(peer, due, request):
    asked: cython.pointer[Asked] = peer.asked + (peer.first + peer.many) % peer.places
    asked.due = due
    asked.sent = 0
    asked.request = request
    peer.many += 1
    peer.unsent += 1


def first_unsent(peer):
    return peer.asked + (peer.first + peer.many - peer.unsent) % peer.places


def to_send(peer, sequence: Sequence, now):
    """How many bytes lie behind each other, from the first that has not left; their requests are sent now."""
    index: cython.int
    asked: cython.pointer[Asked]
    first: cython.int = first_unsent(peer).request
    many: cython.int = peer.unsent
    for index in range(peer.unsent):
        asked = peer.asked + (peer.first + peer.many - peer.unsent + index) % peer.places
        if not sequence.follows(asked.request, first, index):
            many = index
            break
        if asked.sent == 0:
            asked.sent = now
    return sequence.size(first, many) - peer.gone


def has_left(peer, sequence: Sequence, size):
    """So many bytes have gone out."""
    whole: cython.Py_ssize_t
    peer.gone += size
    while peer.unsent:
        whole = sequence.size(first_unsent(peer).request, 1)
        if peer.gone < whole:
            return
        peer.gone -= whole
        peer.unsent -= 1


def answered(peer):
    """The first request has its answer."""
    peer.answering = False
    peer.first = (peer.first + 1) % peer.places
    peer.many -= 1
    peer.unsent = min(peer.unsent, peer.many)


def ask_again(peer):
    """What has no answer yet is to be sent once more, over the next connection."""
    index: cython.int
    for index in range(peer.many):
        peer.asked[(peer.first + index) % peer.places].sent = 0
    peer.unsent = peer.many


def withdraw(peer):
    """What has not begun to leave is not asked; how many that were."""
    many: cython.int = 0
    while peer.unsent and peer.asked[(peer.first + peer.many - 1) % peer.places].sent == 0:
        peer.many -= 1
        peer.unsent -= 1
        many += 1
    return many
