"""All descriptors of this process looked at in one go, without the interpreter.

Asked from Python, ten thousand of them either keep the interpreter from the threads that serve, or wait for it after
each few: 50 ms of the one or half a second of the other. Here it is let go once; what has been found becomes Python
objects only where somebody wants to know more of it.
"""

import cython
from cython.cimports.gearshift.kernel.descriptor_walk import Place
from cython.cimports.gearshift.kernel.system_calls import (
    AF_INET,
    AF_INET6,
    AF_UNIX,
    S_ISSOCK,
    fstat,
    getsockname,
    in6_addr,
    in6addr_any,
    readlink,
    sockaddr,
    sockaddr_in,
    sockaddr_in6,
    stat_type,
)
from cython.cimports.libc.stdio import snprintf
from cython.cimports.libc.stdlib import calloc, free, realloc
from cython.cimports.libc.string import memcmp

LONGEST_LINK = cython.declare(cython.int, 4096)  # PATH_MAX
OWN = cython.declare(cython.char, 43)  # +
NOT_OWN = cython.declare(cython.char, 45)  # -
FAMILY = cython.declare(cython.int, 2)  # bytes before the path in a Unix socket's address


class Walk:
    """One look at the descriptors from 0 up to `slots`. own: those that the server has opened itself, its listening
    sockets too. listening: sockets whose accepted connections are counted apart, told by the address they share.

    open: how many there are. own: of these the server's. accepted: connections of the listening sockets. sockets: of
    all these.
    """

    def __cinit__(self, slots: cython.int, own: list, listening: list):
        fd: cython.int
        place: cython.pointer[Place]
        failed: cython.bint = False
        self.slots = slots
        self.mine = cython.cast(cython.p_char, calloc(slots + 1, 1))
        self.place = cython.cast(cython.pointer[Place], calloc(len(listening) + 1, cython.sizeof(Place)))
        self.other = cython.cast(cython.p_int, calloc(slots + 1, cython.sizeof(cython.int)))
        if self.mine == cython.NULL or self.place == cython.NULL or self.other == cython.NULL:
            raise MemoryError
        for fd in own:
            if 0 <= fd < slots:
                self.mine[fd] = 1
        for fd in listening:
            place = self.place + self.places
            place.size = cython.sizeof(place.address)
            if not getsockname(
                fd,
                cython.cast(cython.pointer[sockaddr], cython.address(place.address)),
                cython.address(place.size),
            ):
                self.places += 1
        with cython.nogil:
            for fd in range(slots):
                if self._look(fd) < 0:
                    failed = True
                    break
        if failed:
            raise MemoryError

    def __dealloc__(self):
        free(self.mine)
        free(self.place)
        free(self.other)
        free(self.text)

    def others(self) -> list:
        """The sockets that are neither the server's nor accepted by it."""
        index: cython.int
        return [self.other[index] for index in range(self.many)]

    def links(self) -> list:
        """What /proc says of each descriptor that is no socket: b"+" and the link where it is the server's own, b"-"
        and the link where it isn't.
        """
        return self.text[: self.length - 1].split(b"\0") if self.length else []

    def _look(self, fd: cython.int):
        """-1 where memory has run out."""
        found: stat_type
        own: cython.bint
        if fstat(fd, cython.address(found)) < 0:
            return 0  # nothing is open there
        own = self.mine[fd] != 0
        self.open += 1
        self.own += own
        if not S_ISSOCK(found.st_mode):
            return self._keep_link(fd, own)
        self.sockets += 1
        if own:
            return 0
        if self._is_accepted(fd):
            self.accepted += 1
        else:
            self.other[self.many] = fd
            self.many += 1
        return 0

    def _is_accepted(self, fd: cython.int):
        """Whether its own address is that of one of the listening sockets, which may listen on every address."""
        here: Place
        place: cython.pointer[Place]
        index: cython.int
        v4: cython.pointer[sockaddr_in] = cython.cast(
            cython.pointer[sockaddr_in], cython.address(here.address)
        )
        v6: cython.pointer[sockaddr_in6] = cython.cast(cython.pointer[sockaddr_in6], v4)
        listener: cython.pointer[sockaddr_in]
        wide: cython.pointer[sockaddr_in6]
        here.size = cython.sizeof(here.address)
        if getsockname(fd, cython.cast(cython.pointer[sockaddr], v4), cython.address(here.size)) < 0:
            return False
        for index in range(self.places):
            place = self.place + index
            if place.address.ss_family != here.address.ss_family:
                continue
            if here.address.ss_family == AF_INET:
                listener = cython.cast(cython.pointer[sockaddr_in], cython.address(place.address))
                if listener.sin_port == v4.sin_port and (
                    listener.sin_addr.s_addr == 0 or listener.sin_addr.s_addr == v4.sin_addr.s_addr
                ):
                    return True
            elif here.address.ss_family == AF_INET6:
                wide = cython.cast(cython.pointer[sockaddr_in6], cython.address(place.address))
                if wide.sin6_port == v6.sin6_port and (
                    _same(cython.address(wide.sin6_addr), cython.address(in6addr_any))
                    or _same(cython.address(wide.sin6_addr), cython.address(v6.sin6_addr))
                ):
                    return True
            elif (
                here.address.ss_family == AF_UNIX
                and here.size > FAMILY
                and here.size == place.size
                and not memcmp(cython.address(here.address), cython.address(place.address), here.size)
            ):
                return True
        return False

    def _keep_link(self, fd: cython.int, own: cython.bint):
        path: cython.char[40]
        size: cython.Py_ssize_t
        if self.room - self.length < LONGEST_LINK + 2:
            larger: cython.p_char = cython.cast(
                cython.p_char, realloc(self.text, 2 * self.room + 2 * LONGEST_LINK + 2)
            )
            if larger == cython.NULL:
                return -1
            self.text = larger
            self.room = 2 * self.room + 2 * LONGEST_LINK + 2
        snprintf(path, 40, b"/proc/self/fd/%d", fd)
        self.text[self.length] = OWN if own else NOT_OWN
        size = readlink(path, self.text + self.length + 1, LONGEST_LINK)
        if size < 0:
            size = 0  # closed since it was found: it has no name, but was open
        self.text[self.length + 1 + size] = 0
        self.length += size + 2
        return 0


def _same(one, other):
    return memcmp(one, other, cython.sizeof(in6_addr)) == 0
