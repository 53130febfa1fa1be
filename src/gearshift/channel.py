"""What an exchange may know of the connection it stands on, and of the engine thread that drives it.

A Channel is one connected socket's protocol, output and facts. A Driver is what a thread of an engine lends to
whatever it drives at the moment: its receive buffer, its clock reading, its spare outputs and, where the engine
can block, ways to wait for more input or for room to write.
"""

import cython
from cython.cimports.gearshift.clock import monotonic, wall_clock
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.http.date import DateLine
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.protocol import Protocol
from cython.cimports.gearshift.proxy.introduction import Introduction
from cython.cimports.gearshift.tls.session import Seal, TlsSession
from cython.cimports.libc.stdlib import free, malloc

INPUT_SIZE = cython.declare(cython.Py_ssize_t, 65536)
SPARE_OUTPUTS = cython.declare(cython.Py_ssize_t, 16)
SEALED_AHEAD = cython.declare(cython.longlong, 65536)  # bytes for the wire, above which no more are sealed
SEALED_AT_ONCE = cython.declare(cython.longlong, 131072)
SHAKING_SHARE = cython.declare(
    cython.double, 0.001
)  # seconds of a turn after which handshakes wait for the next
AF_INET = cython.declare(cython.int, 2)
AF_INET6 = cython.declare(cython.int, 10)


class Driver:
    """One thread of an engine, as its connections see it."""

    def __cinit__(self, *_, **__):
        self.input_size = INPUT_SIZE
        self.input = cython.cast(cython.p_char, malloc(self.input_size))
        if self.input == cython.NULL:
            raise MemoryError
        self.spare = []
        self.date = DateLine()
        self.tick()

    def __dealloc__(self):
        free(self.input)

    def tick(self):
        """Reads the clocks: once a turn, not once a request."""
        self.now = monotonic()
        self.wall = wall_clock()
        self.date.show(cython.cast(cython.longlong, self.wall))

    def take_output(self):
        return self.spare.pop() if self.spare else Output()

    def give_output(self, output: Output):
        """Takes an empty output back, for the next connection that answers."""
        if len(self.spare) < SPARE_OUTPUTS:
            self.spare.append(output)
        return 0

    def receive_more(self, channel: Channel):
        """Waits until more bytes have come or the peer has finished. Only where the engine can block."""
        raise NotImplementedError

    def flush(self, channel: Channel):
        """Waits until the channel's output has left. Only where the engine can block."""
        raise NotImplementedError

    def request_over(self):
        """A request that ran is answered, or given up: another may run in its place."""
        return 0

    def loop_takes_more(self):
        """The event loop beside this thread has begun the calls it was given."""
        return 0

    def may_shake(self):
        """Whether a handshake may go on now. Each signs, for up to milliseconds: many at once would hold up a loop, so
        a turn does some and leaves the others to the next.
        """
        if self.can_block or self.shaking_since != self.now:
            self.shaking_since = self.now
            self.shaking = 0
        return self.shaking < SHAKING_SHARE

    def wake(self, channel: Channel):
        """The channel's application has something new: drive it again. Called from any thread."""
        raise NotImplementedError

    def nudge(self, channel: Channel):
        """As wake(), and where the channel rests between two calls of its handler too. From any thread."""
        raise NotImplementedError


class Channel:
    """One connected socket. `fd` is -1 once it is closed."""

    def writer(self):
        """The output that answers go to; taken from the driver when the first byte is written."""
        if self.tls is None or self.tls.in_kernel:
            return self.wire()
        if self.tls.plain is None:
            self.tls.plain = self.driver.take_output()
        return self.tls.plain

    def wire(self):
        """The output that the engine sends: what was sealed, or where nothing is, what was written."""
        if self.output is None:
            self.output = self.driver.take_output()
        return self.output

    def drop_output(self):
        """Nothing of it is sent any more."""
        if self.output is not None:
            self.output.clear()
        if self.tls is not None and self.tls.plain is not None:
            self.tls.plain.clear()
        return 0

    def give_back(self):
        """Empty outputs rest with the driver: an idle connection has none."""
        if self.output is not None and self.output.pending == 0:
            self.driver.give_output(self.output)
            self.output = None
        if self.tls is not None and self.tls.plain is not None and self.tls.plain.pending == 0:
            self.driver.give_output(self.tls.plain)
            self.tls.plain = None
        return 0

    # ---- where TLS is spoken (tls/session.py) ----------------------------------------------------------------

    def has_output(self):
        """Whether there are bytes to send now; seals some where there are none."""
        if self.tls is not None:
            self.seal()
        return self.output is not None and self.output.pending > 0

    def seal(self):
        """Moves some of what was written to the wire: as much as can soon be sent, so that memory stays bounded."""
        tls: TlsSession = self.tls
        if tls.in_kernel and tls.seal_state == Seal.BROKEN:
            return self.lose()
        if tls.plain is None or tls.plain.pending == 0:
            return 0
        if self.output is not None and self.output.pending >= SEALED_AHEAD:
            return 0
        if tls.secret is not None and tls.plain.file() != cython.NULL and tls.may_leave_it():
            if self.output is not None and self.output.pending > 0:
                return 0  # it was sealed by OpenSSL, and has to have left
            if tls.leave_it_to_kernel(self.fd):
                self.give_back()
                self.output, tls.plain = tls.plain, None
                return 0
        wire: Output = self.wire()
        floor: cython.int = let_go()
        try:
            whole: cython.bint = tls.seal(wire, SEALED_AT_ONCE)
        finally:
            take_again(floor)
        if not whole:
            self.lose()
        return 0

    def more(self):
        """Opens what has come sealed and gives it to the protocol. False: more must come."""
        tls: TlsSession = self.tls
        protocol: Protocol = self.protocol
        # Another thread may take over this one's driver meanwhile (auto), and exchanges this buffer for its own.
        place: cython.p_char = self.driver.input
        size: cython.Py_ssize_t = -1
        if tls.has_whole():
            protocol.settle()
            size = self._open_sealed(place, self.driver.input_size)
            if tls.owes_keys:
                self.last = True
        elif not tls.wire_ended or protocol.eof:
            return False
        if size > 0:
            protocol.feed(place, size)
        elif size < 0:
            protocol.eof = True
        return size != 0

    def _open_sealed(self, place: cython.p_char, room: cython.Py_ssize_t):
        wire: Output = self.wire()
        floor: cython.int = let_go()
        try:
            return self.tls.take(place, room, wire)
        finally:
            take_again(floor)

    def shake(self):
        """Goes on with the handshake."""
        began: cython.double = monotonic()
        driver: Driver = self.driver
        wire: Output = self.wire()
        floor: cython.int = let_go()
        try:
            return self.tls.shake(wire)
        finally:
            take_again(floor)
            driver.shaking += monotonic() - began

    def say_goodbye(self):
        """After the last byte of an answer: what came was whole. Where there is room it leaves with that byte."""
        if self.tls is None:
            return 0
        self.seal()
        if self.tls.plain is None or self.tls.plain.pending == 0:
            return self.tls.say_goodbye(self.wire())
        return 0

    def input_ended(self):
        """The peer has finished sending; of what has come sealed, some may still have to be opened."""
        if self.tls is None:
            self.protocol.eof = True
        else:
            self.tls.wire_ended = True
        return 0

    def kept_input(self):
        """Bytes that have come and were not interpreted."""
        return self.protocol.buffered() + (0 if self.tls is None else self.tls.held)

    def lose(self):
        """The peer is gone, or can't be told the rest."""
        raise NotImplementedError

    # ---- who the peer is ---------------------------------------------------------------------------------

    def peer_host(self):
        """The peer's address as text, empty for a Unix socket. Made when first asked for."""
        if self._peer_host is None:
            if self.family == AF_INET:
                self._peer_host = f"{self.peer[4]}.{self.peer[5]}.{self.peer[6]}.{self.peer[7]}"
            elif self.family == AF_INET6:
                import socket

                self._peer_host = socket.inet_ntop(
                    AF_INET6, bytes([self.peer[8 + index] for index in range(16)])
                )
            else:
                self._peer_host = ""
        return self._peer_host

    def peer_address(self):
        """The peer as one text: "127.0.0.1:50000", "[::1]:50000", empty for a Unix socket."""
        host = self.peer_host()
        if ":" in host:
            host = f"[{host}]"
        return f"{host}:{self.peer_port()}" if host else ""

    def peer_port(self):
        """The peer's port as text, empty for a Unix socket."""
        if self._peer_port is None:
            if self.family == AF_INET or self.family == AF_INET6:
                self._peer_port = str(self.peer[2] * 256 + self.peer[3])
            else:
                self._peer_port = ""
        return self._peer_port

    def meet(self, introduction: Introduction):
        """The peer is who a trusted proxy says, by the PROXY protocol; what that one may say is decided anew."""
        if introduction.described:
            self.via = self.peer_address() or "unix"
            self._peer_host, self._peer_port = introduction.host, introduction.port
            self.secured = introduction.secured
            self.standing = 0
        return 0

    def sealed_by(self):
        """The TLS session that protects it: a stream's is its connection's."""
        return self.tls if self.outer is None else self.outer.tls

    def spoken(self, minor: cython.int):
        """The protocol of a request, as CGI and logs name it. minor: its version within HTTP/1."""
        if self.outer is not None:
            return "HTTP/2.0"
        return "HTTP/1.0" if minor == 0 else "HTTP/1.1"

    # ---- what an application may ask of it, as environ["gearshift.connection"] -----------------------------

    def read(self):
        """What is known of the connection at this moment: a row of connections[] in docs/status-schema.md."""
        from gearshift.observe.connection_table import row_of  # nobody pays for it who doesn't ask

        take_floor()
        try:
            return row_of(self)
        finally:
            leave_floor()

    def __getitem__(self, key):
        """One value of read()."""
        return self.read()[key]

    def __deepcopy__(self, memo):
        """Middleware may copy a scope, and with it everything in it; there is one connection all the same."""
        return self
