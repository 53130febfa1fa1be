"""An output to its socket, and the end of a socket: the same for every engine that speaks plain TCP."""

import cython
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.connection import Connection
from cython.cimports.gearshift.engines.transport import Sent
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.http.output import Output, Part, Span
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import EAGAIN, EINTR, errno

MOST_SPANS = cython.declare(cython.int, 16)
# Above this many bytes the copy into the kernel takes long enough for another thread to use the interpreter.
RELEASE_ABOVE = cython.declare(cython.Py_ssize_t, 32768)
SOL_TLS = cython.declare(cython.int, 282)  # linux/socket.h
TLS_SET_RECORD_TYPE = cython.declare(cython.int, 1)  # linux/tls.h
MOST_ROUNDS = cython.declare(cython.int, 2)  # a head from memory and its file
MOST_AT_ONCE = cython.declare(cython.longlong, 1048576)  # of a file, so that one reader can't hold a loop


def send_output(connection: Connection):
    """Sends what the socket takes now. ALL: it might take more yet. Never raises SIGPIPE."""
    output: Output = connection.output
    fd: cython.int = connection.fd
    rounds: cython.int = 0
    before: cython.longlong = output.pending
    sent: Sent = Sent.ALL
    while output.pending > 0 and sent == Sent.ALL and rounds < MOST_ROUNDS:
        rounds += 1
        sent = _send_file(fd, output) if output.file() != cython.NULL else _send_memory(connection, output)
    connection.bytes_out += before - output.pending
    if sent == Sent.SOME:
        connection.untaken = _untaken(fd)
        connection.took_part(monotonic())
    elif connection.blocked_since > 0 and output.pending == 0:
        connection.took_all(monotonic())
    return sent


def peer_took(connection: Connection):
    """Whether the peer has taken bytes since the last look, even if too few for the kernel to ask for more.

    A socket is reported writable only once a third of its send buffer is free (tcp_sndbuf may be megabytes).
    """
    before: cython.int = connection.untaken
    connection.untaken = _untaken(connection.fd)
    return connection.untaken < before


def _untaken(fd: cython.int):
    """Bytes in the socket's send queue, those not acknowledged included (SIOCOUTQ)."""
    count: cython.int = 0
    sockets.ioctl(fd, sockets.SIOCOUTQ, cython.address(count))
    return count


def _send_memory(connection: Connection, output: Output):
    fd: cython.int = connection.fd
    spans: Span[16]
    message: sockets.msghdr
    size: cython.Py_ssize_t = 0
    index: cython.int
    flags: cython.int = sockets.MSG_NOSIGNAL | sockets.MSG_DONTWAIT
    taken: cython.Py_ssize_t
    count: cython.int = output.spans(spans, MOST_SPANS)
    if count == 0:
        return _send_record(fd, output)
    for index in range(count):
        size += spans[index].length
    if size < output.pending:
        flags |= sockets.MSG_MORE  # a file or more memory follows at once: fill the segments
    # A thread that serves one connection has nothing of a loop's in hand, so others may have the floor meanwhile.
    aside: cython.bint = connection.driver.can_block
    while True:
        if count == 1 and size <= RELEASE_ABOVE:
            floor: cython.int = let_go() if aside else 0
            taken = sockets.send(fd, spans[0].start, size, flags)
            take_again(floor)
        else:
            message.msg_name = cython.NULL
            message.msg_namelen = 0
            # A Span is laid out as an iovec: a pointer and a length.
            message.msg_iov = cython.cast(cython.pointer[sockets.iovec], cython.address(spans[0]))
            message.msg_iovlen = count
            message.msg_control = cython.NULL
            message.msg_controllen = 0
            message.msg_flags = 0
            if size > RELEASE_ABOVE:
                floor = let_go()
                with cython.nogil:
                    taken = sockets.sendmsg(fd, cython.address(message), flags)
                take_again(floor)
            else:
                taken = sockets.sendmsg(fd, cython.address(message), flags)
        if taken >= 0:
            output.sent(taken)
            return Sent.ALL if taken == size else Sent.SOME
        if errno == EAGAIN:
            return Sent.SOME
        if errno != EINTR:
            return Sent.FAILED


def _send_file(fd: cython.int, output: Output):
    part: cython.pointer[Part] = output.file()
    offset: sockets.off_t
    descriptor: cython.int = part.descriptor
    size: cython.size_t = cython.cast(cython.size_t, min(part.length, MOST_AT_ONCE))
    taken: cython.Py_ssize_t
    while True:
        offset = part.offset
        floor: cython.int = let_go()
        with cython.nogil:
            taken = sockets.sendfile(fd, descriptor, cython.address(offset), size)
        take_again(floor)
        if taken > 0:
            output.sent(taken)
            return Sent.ALL if cython.cast(cython.size_t, taken) == size else Sent.SOME
        if taken == 0:
            return Sent.FAILED  # the file has become shorter than the answer's Content-Length
        if errno == EAGAIN:
            return Sent.SOME
        if errno != EINTR:
            return Sent.FAILED


def _send_record(fd: cython.int, output: Output):
    """A TLS record of a kind of its own, where the kernel seals. It is the connection's last, so only where there is
    room for it and what may still wait before it within the kernel, which drops that when the socket is closed
    (tls_sw_release_resources_tx in net/tls/tls_sw.c).
    """
    part: cython.pointer[Part] = output.record()
    message: sockets.msghdr
    place: sockets.iovec
    control: cython.ulonglong[4]
    header: cython.pointer[sockets.cmsghdr]
    entry: sockets.pollfd
    taken: cython.Py_ssize_t
    entry.fd = fd
    entry.events = sockets.POLLOUT
    if sockets.poll(cython.address(entry), 1, 0) <= 0:
        return Sent.SOME
    place.iov_base = cython.cast(cython.p_void, part.memory)
    place.iov_len = cython.cast(cython.size_t, part.length)
    message.msg_name = cython.NULL
    message.msg_namelen = 0
    message.msg_iov = cython.address(place)
    message.msg_iovlen = 1
    message.msg_control = cython.cast(cython.p_void, control)
    message.msg_controllen = sockets.CMSG_SPACE(1)
    message.msg_flags = 0
    header = sockets.CMSG_FIRSTHDR(cython.address(message))
    header.cmsg_level = SOL_TLS
    header.cmsg_type = TLS_SET_RECORD_TYPE
    header.cmsg_len = sockets.CMSG_LEN(1)
    sockets.CMSG_DATA(header)[0] = cython.cast(cython.uchar, part.record)
    while True:
        taken = sockets.sendmsg(fd, cython.address(message), sockets.MSG_NOSIGNAL | sockets.MSG_DONTWAIT)
        if taken >= 0:
            output.sent(taken)
            return Sent.ALL if output.record() == cython.NULL else Sent.SOME
        if errno == EAGAIN:
            return Sent.SOME
        if errno != EINTR:
            return Sent.FAILED


def finish_sending(connection: Connection):
    """Tells the peer that nothing more comes, while what it still sends can be read (RFC 9112 section 9.6)."""
    if connection.tls is not None:
        say_goodbye(connection)
    return sockets.shutdown(connection.fd, sockets.SHUT_WR)


def say_goodbye(connection: Connection):
    """TLS's own end of a connection, where nothing waits before it; if the socket takes it."""
    if connection.unsent() == 0 and connection.in_flight is None and not connection.reset:
        connection.say_goodbye()
        if connection.output is not None and connection.output.pending > 0:
            send_output(connection)
    return 0


def peer_has_finished(connection: Connection):
    """Whether the peer's end of input, or an error, stands next in the socket. Takes nothing out of it."""
    byte: cython.char
    if connection.datagrams:
        return False
    if connection.has_finished():
        return True
    if connection.tls is not None:
        return _has_hung_up(connection.fd)
    taken: cython.Py_ssize_t = sockets.recv(
        connection.fd, cython.address(byte), 1, sockets.MSG_PEEK | sockets.MSG_DONTWAIT
    )
    return taken == 0 or (taken < 0 and errno != EAGAIN and errno != EINTR)


def _has_hung_up(fd: cython.int):
    """Whether the peer's end of input has come, whatever stands before it: with TLS, close_notify does."""
    entry: sockets.pollfd
    entry.fd = fd
    entry.events = sockets.POLLRDHUP
    return sockets.poll(cython.address(entry), 1, 0) > 0


def somebody_waits(listening: cython.int):
    """Whether the accept queue holds a connection: accept4() takes a descriptor first, so its EMFILE does not tell."""
    entry: sockets.pollfd
    entry.fd = listening
    entry.events = sockets.POLLIN
    return sockets.poll(cython.address(entry), 1, 0) > 0


def set_blocking(fd: cython.int, blocking: cython.bint):
    """Whether system calls on the socket wait; accept gives a loop's sockets not to."""
    on: cython.int = 0 if blocking else 1
    return sockets.ioctl(fd, sockets.FIONBIO, cython.address(on))


def end_reading(connection: Connection):
    """Nothing more is read: a thread that waits for it finds the end of what the kernel has received."""
    connection.ending = True
    if connection.datagrams:
        return _let_go(connection)
    return sockets.shutdown(connection.fd, sockets.SHUT_RD)


def hang_up(connection: Connection):
    """Ends the connection from outside: whoever drives it finds its end. False where it is closed already."""
    take_floor()  # so that the descriptor is no other's by now
    try:
        connection.ending = True
        if connection.datagrams:
            return _let_go(connection) == 0
        return connection.fd >= 0 and sockets.shutdown(connection.fd, sockets.SHUT_RDWR) == 0
    finally:
        leave_floor()


def _let_go(connection: Connection):
    """A socket of datagrams may be other processes' too: shutting it down would end it for all of them."""
    if connection.fd < 0:
        return -1
    return connection.driver.nudge(connection)


def close_socket(connection: Connection):
    """Closes the descriptor, with a reset where a plain end could pass for a whole answer."""
    option: sockets.linger
    dropped: cython.char[4096]
    reads: cython.int = 16
    fd: cython.int = connection.fd
    if fd < 0:
        return 0
    connection.finish()
    connection.service.roster.leave(connection)
    if connection.output is not None and connection.output is connection.in_flight:
        connection.output = None  # the kernel still reads it
    if connection.tls is not None:
        say_goodbye(connection)
    connection.drop_output()
    connection.give_back()
    if connection.reset:
        option.l_onoff = 1
        option.l_linger = 0
        sockets.setsockopt(
            fd, sockets.SOL_SOCKET, sockets.SO_LINGER, cython.address(option), cython.sizeof(option)
        )
    elif not connection.datagrams and not connection.protocol.eof:
        # A close with unread input is a reset, which destroys what the kernel has not sent yet (RFC 9112 section 9.6).
        while reads > 0 and sockets.recv(fd, cython.address(dropped[0]), 4096, sockets.MSG_DONTWAIT) == 4096:
            reads -= 1
    connection.fd = -1
    sockets.close(fd)
    return 0
