"""A raw UDP handler: one object for each address, told every datagram, which may answer it.

Datagrams are received and sent in batches: one recvmmsg brings what the socket holds, the handler is called for each of
them, and what it answered leaves by one sendmmsg. A batch is an exchange, so engines run it as they run a request.
"""

# A C struct or array is declared by its annotation alone.
import os
import socket
import struct

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.cpython.pythread import PyThread_get_thread_ident
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.conversation import RawApplication, request_of
from cython.cimports.gearshift.exchange import Made, Service, Stage
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.http.response import Response
from cython.cimports.gearshift.kernel import system_calls as kernel
from cython.cimports.libc.errno import EAGAIN, EINTR, ENOBUFS, errno
from cython.cimports.libc.stdlib import free, malloc
from cython.cimports.libc.string import memset

from gearshift.raw.farewell import tell_closed
from gearshift.raw.stream import is_awaitable

LARGEST = cython.declare(cython.Py_ssize_t, 65536)  # bytes; a datagram of UDP over IPv4 has at most 65,507
MOST_AT_ONCE = 32
MOST_PEERS = cython.declare(cython.Py_ssize_t, 1024)  # whose addresses are remembered in Python's form
MOST_OUTSTANDING = cython.declare(cython.int, 1024)  # coroutines; above it nothing more is read
MOST_LATE = cython.declare(cython.int, 256)  # batches that are read yet when the server ends
PATIENCE = cython.declare(cython.int, 1)  # milliseconds that a full send buffer is waited for
IPV4 = struct.Struct("=H2s4s8x")  # sockaddr_in
IPV6 = struct.Struct("=H2sI16sI")  # sockaddr_in6


class DatagramApplication:
    """What `--udp` serves. most_at_once: datagrams that one system call receives or sends, up to 64."""

    def __init__(
        self,
        factory: object,
        name: str,
        asynchronous: cython.bint,
        error_log: object,
        most_at_once: cython.int = MOST_AT_ONCE,
    ):
        RawApplication.__init__(self, factory, name, asynchronous, error_log)
        self.datagrams = True
        self.most_at_once = most_at_once
        self.label = request_of(b"datagram", name.encode())

    def converse(self, channel: Channel, service: Service):
        conversation: DatagramConversation = DatagramConversation(self.most_at_once)
        conversation.application = self
        conversation.channel = channel
        conversation.service = service
        return conversation


class DatagramConversation:
    """A socket that receives datagrams, as its raw handler knows it. Every method may be called from any thread."""

    def __cinit__(self, most: cython.int):
        index: cython.int
        self.most = most
        self.outgoing = []
        self.peers = {}
        self.known = {}
        self.room = cython.cast(cython.p_char, malloc(self.most * LARGEST))
        if self.room == cython.NULL:
            raise MemoryError
        memset(cython.address(self.messages[0]), 0, cython.sizeof(kernel.mmsghdr) * 64)
        for index in range(self.most):
            self.spans[index].iov_base = self.room + index * LARGEST
            self.spans[index].iov_len = LARGEST
            self.messages[index].msg_hdr.msg_iov = cython.address(self.spans[index])
            self.messages[index].msg_hdr.msg_iovlen = 1
            self.messages[index].msg_hdr.msg_name = cython.address(self.addresses[index])

    def __dealloc__(self):
        free(self.room)

    # ---- for the handler -----------------------------------------------------------------------------------

    def send(self, data: object, peer: object) -> None:
        """Sends one datagram. peer: as datagram() was told it, or (HOST, PORT) with an address as HOST.

        Raises ValueError for what is no address.
        """
        take_floor()
        try:
            address = self._address(peer)
            if self.channel is None:
                return
            if self.busy == PyThread_get_thread_ident():
                self._keep(data, address)
            else:
                self._send([(bytes(data), address)])
        finally:
            leave_floor()

    @property
    def address(self):
        """Where it receives, as text."""
        channel: Channel = self.channel
        return "" if channel is None else channel.listener.address

    @property
    def closed(self):
        """Whether it has ended."""
        return self.channel is None

    # ---- for the connection, in the thread that drives it ------------------------------------------------------

    def receive(self):
        """Whether more may wait than was read."""
        index: cython.int
        taken: cython.int
        if self.count > 0:
            return 1
        for index in range(self.most):
            self.messages[index].msg_hdr.msg_namelen = cython.sizeof(kernel.sockaddr_storage)
        taken = kernel.recvmmsg(
            self.channel.fd,
            cython.address(self.messages[0]),
            self.most,
            kernel.MSG_DONTWAIT,
            cython.NULL,
        )
        if taken <= 0:
            return 0
        for index in range(taken):
            self.channel.bytes_in += self.messages[index].msg_len
        self.count = taken
        self.received += taken
        return taken == self.most

    def next(self, service: Service, ending: cython.bint):
        exchange: DatagramExchange
        self.service = service
        if self.opened and self.count == 0 and (service.draining or ending) and self.late < MOST_LATE:
            self.late += 1
            self.receive()
        if self.opened and self.count == 0:
            return None
        exchange = DatagramExchange()
        exchange.conversation = self
        exchange.channel = self.channel
        exchange.service = service
        exchange.request = cython.cast(DatagramApplication, self.application).label
        exchange.response = Response()
        exchange.began = self.channel.driver.now
        exchange.began_wall = self.channel.driver.wall
        exchange.processor = -1
        exchange.body_complete = True
        exchange.stage = Stage.READY
        return exchange

    def answer(self):
        """Calls the handler for every datagram of the batch, and sends what it said."""
        index: cython.int
        self.busy = PyThread_get_thread_ident()
        try:
            self._begin()
            handle = self.handler.datagram
            for index in range(self.count):
                data = PyBytes_FromStringAndSize(self.room + index * LARGEST, self.messages[index].msg_len)
                address: bytes = PyBytes_FromStringAndSize(
                    cython.cast(cython.p_char, cython.address(self.addresses[index])),
                    self.messages[index].msg_hdr.msg_namelen,
                )
                try:
                    peer = self.peers.get(address) or self._peer(address)
                    floor: cython.int = let_go()
                    try:
                        result = handle(data, peer)
                    finally:
                        take_again(floor)
                    if result is not None:
                        self._reply(result, address)
                except BaseException as error:  # SystemExit too: one datagram must not end the server
                    self.service.error_log.exception(f"error in datagram {self.application.name}", error)
        finally:
            self.count = 0
            self.busy = 0
            said = self.outgoing
            self.outgoing = []
            if said:
                self._send(said)
        return 0

    def _begin(self):
        """There is a handler, and it has been told of the socket."""
        opened = result = None
        floor: cython.int = let_go()
        try:
            self.made()
            if not self.opened:
                self.opened = True
                opened = self.method("opened")
                if opened is not None:
                    result = opened(self)
        finally:
            take_again(floor)
        return self._reply(result, None)

    def _reply(self, result: object, address: object):
        """What the handler returned; without an address it can only be awaited."""
        if isinstance(result, bytes | bytearray | memoryview) and address is not None:
            self._keep(result, address)
        elif is_awaitable(result):
            if self.application.loop is None:
                result.close()
                raise TypeError("a handler returned an awaitable, expected a method declared async def")
            from gearshift.raw.asynchronous import begin_for

            self.outstanding += 1
            begin_for(self.application, self, result, self.returned, address)
        elif result is not None:
            raise TypeError(f"a raw handler returns bytes or None, not {type(result).__name__}")
        return 0

    def returned(self, address: object, result: object, error: object) -> None:
        """A coroutine has returned or raised; in the loop's thread."""
        take_floor()
        try:
            self._returned(address, result, error)
        finally:
            leave_floor()

    def _returned(self, address: object, result: object, error: object):
        channel: Channel = self.channel
        self.outstanding -= 1
        if error is not None:
            self.application.error_log.exception(f"error in datagram {self.application.name}", error)
        elif channel is not None and result is not None and address is not None:
            self._send([(bytes(result), address)])
        if channel is not None and self.outstanding == MOST_OUTSTANDING - 1:
            channel.driver.nudge(channel)
        return 0

    def _keep(self, data: object, address: bytes):
        if type(data) is not bytes:
            if not isinstance(data, bytearray | memoryview):
                raise TypeError(f"a raw handler sends bytes, not {type(data).__name__}")
            data = bytes(data)
        self.outgoing.append((data, address))
        return 0

    def _peer(self, address: bytes):
        """As the socket module has addresses; strangers can't fill memory."""
        if len(address) == IPV4.size:
            _, port, host = IPV4.unpack(address)
            peer = (socket.inet_ntop(socket.AF_INET, host), int.from_bytes(port, "big"))
        else:
            _, port, flow, host, scope = IPV6.unpack(address)
            peer = (socket.inet_ntop(socket.AF_INET6, host), int.from_bytes(port, "big"), flow, scope)
        if len(self.peers) >= MOST_PEERS:
            self.peers = {}
            self.known = {}
        self.peers[address] = peer
        self.known[peer] = address
        return peer

    def _address(self, peer: object):
        """As the kernel has addresses."""
        address = self.known.get(peer)
        if address is not None:
            return address
        try:
            host, port, *rest = peer
            port = int(port).to_bytes(2, "big")
            if ":" not in host:
                return IPV4.pack(socket.AF_INET, port, socket.inet_pton(socket.AF_INET, host))
            flow, scope = rest or (0, 0)
            return IPV6.pack(socket.AF_INET6, port, flow, socket.inet_pton(socket.AF_INET6, host), scope)
        except (OSError, OverflowError, TypeError, ValueError):
            raise ValueError(f"found the peer {peer!r}, expected (ADDRESS, PORT)") from None

    # ---- sending ---------------------------------------------------------------------------------------------

    def _send(self, datagrams: list):
        """Sends them all; what the kernel does not take after a moment is lost, as datagrams are, and counted."""
        entry: kernel.pollfd
        first: cython.Py_ssize_t = 0
        sent: cython.int
        waited: cython.bint = False
        count: cython.Py_ssize_t = len(datagrams)
        while first < count and self.channel is not None:
            sent = self._send_some(datagrams, first, min(count - first, self.most))
            if sent > 0:
                first += sent
                self.sent += sent
                waited = False
            elif errno == EINTR:
                continue
            elif errno in (EAGAIN, ENOBUFS) and not waited:
                waited = True
                entry.fd = self.channel.fd
                entry.events = kernel.POLLOUT
                floor: cython.int = let_go()
                with cython.nogil:
                    kernel.poll(cython.address(entry), 1, PATIENCE)
                take_again(floor)
            else:
                if errno not in (EAGAIN, ENOBUFS) and self.unsent == 0:
                    self.service.error_log.warning(
                        f"a datagram of {len(datagrams[first][0])} bytes can't be sent: {os.strerror(errno)};"
                        " later ones are only counted"
                    )
                self.unsent += 1
                first += 1
        return 0

    def _send_some(self, datagrams: list, first: cython.Py_ssize_t, count: cython.Py_ssize_t):
        """How many of them one system call has sent; -1 and errno where the first can't be."""
        messages: kernel.mmsghdr[64]
        spans: kernel.iovec[64]
        index: cython.Py_ssize_t
        sent: cython.int
        memset(cython.address(messages[0]), 0, cython.sizeof(kernel.mmsghdr) * count)
        for index in range(count):
            data: bytes = datagrams[first + index][0]
            address: bytes = datagrams[first + index][1]
            spans[index].iov_base = PyBytes_AS_STRING(data)
            spans[index].iov_len = PyBytes_GET_SIZE(data)
            messages[index].msg_hdr.msg_iov = cython.address(spans[index])
            messages[index].msg_hdr.msg_iovlen = 1
            messages[index].msg_hdr.msg_name = PyBytes_AS_STRING(address)
            messages[index].msg_hdr.msg_namelen = cython.cast(cython.uint, PyBytes_GET_SIZE(address))
        sent = kernel.sendmmsg(
            self.channel.fd,
            cython.address(messages[0]),
            cython.cast(cython.uint, count),
            kernel.MSG_DONTWAIT | kernel.MSG_NOSIGNAL,
        )
        for index in range(sent):
            self.channel.bytes_out += messages[index].msg_len
        return sent

    def farewell(self):
        floor: cython.int = let_go()
        try:
            tell_closed(self)
        finally:
            take_again(floor)
        return 0


class DatagramExchange:
    """The calls for one batch."""

    def call(self):
        return self.conversation.answer()

    def pull(self):
        if self.conversation.outstanding >= MOST_OUTSTANDING and not self.lost:
            return Made.NOT_YET
        return Made.DELIVERED

    def fail(self, error: object):
        self.service.error_log.exception(f"error in {self.name_of_request()}", error)
        return 0

    def shed(self):
        """There is nobody to tell: the batch is lost, as datagrams are."""
        self.conversation.count = 0
        return 0

    def _log_access(self, log: object):
        """Requests stand in the access log; datagrams are none."""
