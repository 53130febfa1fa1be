"""The client of a load: one thread, one epoll instance, many connections; a send and a receive for each request.

In a closed loop each connection is asked `pipeline` requests at all times. In an open loop requests are due by the
clock and go to whichever connection is free; one that must wait for that counts its wait (no coordinated omission).
Nothing here needs the interpreter: Python looks in a few times a second.
"""

import os

import cython
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.gearshift.load import peer as peers
from cython.cimports.gearshift.load.answer import Part, begin_answer, ends_whole, forget_answer, read_answer
from cython.cimports.gearshift.load.peer import Asked, Peer, Phase
from cython.cimports.gearshift.load.sequence import Sequence
from cython.cimports.gearshift.load.tally import Failure, Tally
from cython.cimports.libc.errno import (
    EAGAIN,
    ECONNREFUSED,
    ECONNRESET,
    EINPROGRESS,
    EINTR,
    EPIPE,
    ETIMEDOUT,
    errno,
)
from cython.cimports.libc.math import ceil
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.libc.string import memcpy
from cython.cimports.posix import time as clock

BUFFER = cython.declare(cython.Py_ssize_t, 1 << 17)
EVENTS = cython.declare(cython.int, 512)
ISSUED_AT_ONCE = cython.declare(cython.int, 64)  # then answers are looked at again
NANO = cython.declare(cython.double, 1e9)
SWEEP = cython.declare(uint64_t, 5_000_000)  # nanoseconds from one look at deadlines to the next
PAUSE = cython.declare(uint64_t, 10_000_000)  # nanoseconds after a connection that failed
BACKLOG_FULL = cython.declare(uint64_t, 1_000_000)  # nanoseconds until a Unix socket is tried again


class Client:
    """Loads the server at one address.

    address: a struct sockaddr as bytes. sequence: the requests, laid out for `pipeline` at once. connections: how many
    at once. pipeline: requests asked at once on each. rate: requests due a second, 0 for a closed loop. timeout:
    seconds for a connection to be made, and for an answer. each_closes: whether each request has a connection of its
    own.
    """

    def __cinit__(
        self,
        address: bytes,
        sequence: Sequence,
        connections: cython.int,
        pipeline: cython.int,
        rate: cython.double,
        timeout: cython.double,
        each_closes: cython.bint,
    ):
        index: cython.int
        self.tally = Tally()
        self.sequence = sequence
        self.epoll = sockets.epoll_create1(sockets.EPOLL_CLOEXEC)
        if self.epoll < 0:
            raise OSError(errno, os.strerror(errno))
        self.connections = connections
        self.places = connections * pipeline
        self.each_closes = each_closes
        self.interval = NANO / rate if rate > 0 else 0
        self.timeout = cython.cast(uint64_t, timeout * NANO)
        self.address.size = len(address)
        memcpy(cython.address(self.address.storage), cython.cast(cython.p_const_char, address), len(address))
        self.peers = cython.cast(cython.pointer[Peer], calloc(connections, cython.sizeof(Peer)))
        self.asked = cython.cast(cython.pointer[Asked], calloc(self.places, cython.sizeof(Asked)))
        self.vacant = cython.cast(cython.p_int, calloc(self.places, cython.sizeof(cython.int)))
        self.events = cython.cast(
            cython.pointer[sockets.epoll_event], calloc(EVENTS, cython.sizeof(sockets.epoll_event))
        )
        self.buffer = cython.cast(cython.p_char, calloc(1, BUFFER))
        if not (self.peers and self.asked and self.vacant and self.events and self.buffer):
            raise MemoryError
        for index in range(connections):
            self.peers[index].fd = -1
            self.peers[index].asked = self.asked + index * pipeline
            self.peers[index].places = pipeline
        for index in range(self.places):
            self.vacant[index] = index % connections
        self.vacant_many = self.places

    def __dealloc__(self):
        index: cython.int
        if self.peers:
            for index in range(self.connections):
                peers.hang_up(self.peers + index)
                forget_answer(cython.address(self.peers[index].answer))
        if self.epoll >= 0:
            sockets.close(self.epoll)
        free(self.peers)
        free(self.asked)
        free(self.vacant)
        free(self.events)
        free(self.buffer)

    def open(self) -> None:
        """Begins to make all connections, ahead of the first request."""
        index: cython.int
        for index in range(self.connections):
            self._connect(self.peers + index, _now())

    def begin(self, seconds: cython.double) -> None:
        """Requests are sent from now on, and count; for so many seconds."""
        index: cython.int
        self.origin = _now()
        self.tally.begin(self.origin, self.origin + cython.cast(uint64_t, seconds * NANO))
        self.started = self.sending = True
        if self.interval > 0:
            # This thread's timers may be 50 us late by default (prctl(2)), which would count as the server's.
            sockets.prctl(sockets.PR_SET_TIMERSLACK, 1)
        else:
            for index in range(self.connections):
                if self.peers[index].phase != Phase.PAUSED:
                    self._fill(self.peers + index, _now())

    def forget(self) -> None:
        """The warm-up is over: what counts begins now, and ends when it was to end."""
        self.tally.begin(_now(), self.tally.stop)

    def stop(self) -> None:
        """Nothing more is sent but what was due and has a place; what has been sent may still be answered."""
        index: cython.int
        before: cython.ulonglong = 0
        self.tally.stop = min(self.tally.stop, _now())
        while self.interval > 0 and self.issued != before:
            before = self.issued
            self._issue(_now())
        self.sending = False
        for index in range(self.connections):
            if self.peers[index].phase != Phase.CONNECTING:
                self._withdraw(self.peers + index)

    def serve(self, seconds: cython.double) -> None:
        """Sends and receives for so long, without the interpreter; shorter where there is nothing to wait for."""
        with cython.nogil:
            self._turns(_now() + cython.cast(uint64_t, seconds * NANO))

    @property
    def due(self) -> int:
        """Requests that have been due since the load began; of a closed loop, that have been asked."""
        now: uint64_t = min(_now(), self.tally.stop)
        if self.interval == 0:
            return self.issued
        return cython.cast(cython.ulonglong, ceil((now - self.origin) / self.interval))

    @property
    def seconds(self) -> float:
        """How long what counts has lasted."""
        return (min(_now(), self.tally.stop) - self.tally.start) / NANO

    @property
    def seconds_left(self) -> float:
        """Until nothing more is to be sent."""
        now: uint64_t = _now()
        return (self.tally.stop - now) / NANO if self.tally.stop > now else 0.0

    def _turns(self, until: uint64_t):
        many: cython.int
        index: cython.int
        now: uint64_t = _now()
        while now < until:
            if self.sending and self.interval > 0:
                self._issue(now)
            if now >= self.sweep_at:
                self._sweep(now)
            if self.outstanding == 0 and not self.sending and (self.started or self.connecting == 0):
                return 0
            many = self._wait(until, now)
            if many < 0:
                return 0  # a signal: Python wants to see it
            for index in range(many):
                self._ready(
                    cython.cast(cython.pointer[Peer], self.events[index].data.ptr), self.events[index].events
                )
            now = _now()
        return 0

    def _wait(self, until: uint64_t, now: uint64_t):
        """Until a socket is ready, or there is something to do by the clock; how many are."""
        due: uint64_t = min(until, self.sweep_at)
        many: cython.int
        if self.interval == 0 or not self.sending:
            return sockets.epoll_wait(
                self.epoll, self.events, EVENTS, cython.cast(cython.int, (due - now) // 1000000 + 1)
            )
        many = sockets.epoll_wait(self.epoll, self.events, EVENTS, 0)
        if many:
            return many
        if self.vacant_many:
            due = min(due, self.origin + cython.cast(uint64_t, self.issued * self.interval))
        return self._wait_until(due, now) if due > now else 0

    def _wait_until(self, due: uint64_t, now: uint64_t):
        """As exactly as the kernel's timers are: epoll_wait() knows milliseconds only."""
        pause: sockets.timespec
        entry: sockets.pollfd
        pause.tv_sec = cython.cast(cython.long, (due - now) // 1000000000)
        pause.tv_nsec = cython.cast(cython.long, (due - now) % 1000000000)
        entry.fd = self.epoll
        entry.events = sockets.POLLIN
        if sockets.ppoll(cython.address(entry), 1, cython.address(pause), cython.NULL) < 0:
            return -1
        return sockets.epoll_wait(self.epoll, self.events, EVENTS, 0)

    def _issue(self, now: uint64_t):
        """Sends what is due, as far as there are places for it."""
        due: uint64_t
        left: cython.int = ISSUED_AT_ONCE
        peer: cython.pointer[Peer]
        while left and self.vacant_many:
            due = self.origin + cython.cast(uint64_t, self.issued * self.interval)
            if due > now or due >= self.tally.stop:
                return
            peer = self.peers + self.vacant[self.vacant_first]
            self.vacant_first = (self.vacant_first + 1) % self.places
            self.vacant_many -= 1
            left -= 1
            self.issued += 1
            self.outstanding += 1
            peers.ask(peer, due, self.sequence.take())
            self._send(peer, now)

    def _fill(self, peer, now):
        if now >= self.tally.stop:
            return  # Python has not looked in yet
        while peer.many < peer.places:
            self.issued += 1
            self.outstanding += 1
            peers.ask(peer, now, self.sequence.take())
        self._send(peer, now)

    def _send(self, peer, now):
        """Sends what the connection has been asked, making it first where there is none."""
        size: cython.Py_ssize_t
        taken: cython.Py_ssize_t
        if peer.phase == Phase.CLOSED:
            self._connect(peer, now)
            return
        while peer.phase == Phase.OPEN and peer.unsent and not peer.broken:
            size = peers.to_send(peer, self.sequence, now)
            taken = sockets.send(
                peer.fd,
                self.sequence.start(peers.first_unsent(peer).request) + peer.gone,
                size,
                sockets.MSG_NOSIGNAL,
            )
            if taken >= 0:
                self.tally.bytes_out += taken
                peers.has_left(peer, self.sequence, taken)
            elif errno == EAGAIN:
                if not peer.watching:
                    peers.watch(peer, self.epoll, True)
                return
            elif errno != EINTR:
                peer.broken = errno  # what the server had to say before is still read
        if peer.watching:
            peers.watch(peer, self.epoll, False)

    def _connect(self, peer, now):
        error: cython.int
        if peer.since == 0:
            peer.since = now
        self.connecting += 1
        error = peers.dial(peer, cython.address(self.address), self.epoll)
        if error == 0:
            self._connected(peer, now)
        elif error == EAGAIN and now - peer.since < self.timeout:
            # The backlog of a Unix socket is full, and nothing tells when it no longer is.
            self._hang_up(peer)
            peer.phase = Phase.PAUSED
            peer.again = now + BACKLOG_FULL
        elif error != EINPROGRESS:
            self._failed(peer, ETIMEDOUT if error == EAGAIN else error, now)

    def _connected(self, peer, now):
        self.connecting -= 1
        self.tally.connected(now - peer.since)
        peer.since = 0
        peer.phase = Phase.OPEN
        self._send(peer, now)

    def _ready(self, peer, events):
        error: cython.int
        if peer.phase == Phase.CONNECTING:
            error = peers.outcome(peer)
            if error:
                self._failed(peer, error, _now())
            else:
                peers.watch(peer, self.epoll, False)
                self._connected(peer, _now())
            return
        if events & sockets.EPOLLOUT:
            self._send(peer, _now())
        if events & ~sockets.EPOLLOUT:
            self._receive(peer)

    def _receive(self, peer):
        size: cython.Py_ssize_t = sockets.recv(peer.fd, self.buffer, BUFFER, 0)
        now: uint64_t = _now()
        if size > 0:
            self.tally.bytes_in += size
            self._read(peer, size, now)
        elif size == 0:
            self._ended(peer, now)
        elif errno != EAGAIN and errno != EINTR:
            self._failed(peer, errno, now)

    def _read(self, peer, size, now):
        at: cython.Py_ssize_t = 0
        used: cython.Py_ssize_t
        while at < size:
            if peer.many == 0:
                self._lost(peer, Failure.MALFORMED, now)  # nobody asked for that
                return
            if not peer.answering:
                begin_answer(
                    cython.address(peer.answer), self.sequence.to_head(peer.asked[peer.first].request)
                )
                peer.answering = True
            used = read_answer(cython.address(peer.answer), self.buffer + at, size - at)
            if used < 0:
                self._lost(peer, Failure.MALFORMED, now)
                return
            at += used
            if peer.answer.part == Part.WHOLE and not self._answered(peer, now):
                self._go_on(peer, now)
                return
        if self.sending and self.interval == 0 and peer.many < peer.places:
            self._fill(peer, now)

    def _answered(self, peer, now):
        """Counts a whole answer; whether the connection outlives it."""
        asked: cython.pointer[Asked] = peer.asked + peer.first
        # Who answers a request that has not come to its end reads the rest of it or not: nobody can know.
        early: cython.bint = peer.unsent == peer.many
        self.tally.answer(asked.due, asked.sent if asked.sent else now, now, peer.answer.status)
        peers.answered(peer)
        self.outstanding -= 1
        self._vacate(peer, 1)
        return not (early or peer.answer.close or self.each_closes)

    def _ended(self, peer, now):
        """The server has closed the connection."""
        if peer.many == 0:
            self._hang_up(peer)
        elif peer.answering and ends_whole(cython.address(peer.answer)):
            self._answered(peer, now)
            self._go_on(peer, now)
        elif peer.broken:
            self._failed(peer, peer.broken, now)
        else:
            self._lost(peer, Failure.CLOSED_SHORT, now)

    def _go_on(self, peer, now):
        """Over a new connection: this one has ended as it was to. What it left unanswered is asked again."""
        self._hang_up(peer)
        peers.ask_again(peer)
        if not self.sending:
            self._withdraw(peer)
        elif self.interval == 0:
            self._fill(peer, now)
        elif peer.many:
            self._send(peer, now)

    def _failed(self, peer, error, now):
        """The kernel has told an error of the connection."""
        kind: Failure = Failure.CONNECT_FAILED
        self.last_errno = error
        if error == ECONNREFUSED:
            kind = Failure.REFUSED
        elif error in (ECONNRESET, EPIPE):
            kind = Failure.RESET
        elif error == ETIMEDOUT:
            kind = Failure.CONNECT_TIMEOUT if peer.phase == Phase.CONNECTING else Failure.TIMEOUT
        else:
            self.unusual_errno = error
        self._lost(peer, kind, now)

    def _lost(self, peer, kind, now):
        """A connection has failed, and with it all that was asked over it."""
        connecting: cython.bint = peer.phase == Phase.CONNECTING
        self.tally.failed(kind, max(peer.many, 1))
        self.outstanding -= peer.many
        self._vacate(peer, peer.many)
        self._hang_up(peer)
        peer.many = peer.unsent = 0
        peer.since = 0
        if connecting:
            peer.phase = Phase.PAUSED
            peer.again = now + PAUSE
        elif self.sending and self.interval == 0:
            self._fill(peer, now)

    def _hang_up(self, peer):
        self.connecting -= peer.phase == Phase.CONNECTING
        peers.hang_up(peer)

    def _vacate(self, peer, many):
        """Places of an open loop are free again, and used after those that were free before."""
        if self.interval == 0:
            return
        while many > 0:
            many -= 1
            self.vacant[(self.vacant_first + self.vacant_many) % self.places] = cython.cast(
                cython.int, peer - self.peers
            )
            self.vacant_many += 1

    def _withdraw(self, peer):
        """The load is over: what has not begun to leave was never asked."""
        many: cython.int = peers.withdraw(peer)
        self.outstanding -= many
        self.issued -= many

    def _sweep(self, now):
        index: cython.int
        for index in range(self.connections):
            self._look(self.peers + index, now)
        self.sweep_at = now + SWEEP

    def _look(self, peer, now):
        """Gives up what takes too long, and tries again what failed to connect."""
        if peer.phase == Phase.PAUSED:
            if now < peer.again:
                return
            peer.phase = Phase.CLOSED
            if self.sending and self.interval == 0:
                self._fill(peer, now)
            elif peer.many or not self.started:
                self._connect(peer, now)
        elif peer.phase == Phase.CONNECTING:
            if now > peer.since + self.timeout:
                self._failed(peer, ETIMEDOUT, now)
        elif peer.many and peer.asked[peer.first].sent and now > peer.asked[peer.first].sent + self.timeout:
            self._lost(peer, Failure.TIMEOUT, now)


def _now():
    now: clock.timespec
    clock.clock_gettime(clock.CLOCK_MONOTONIC, cython.address(now))
    return cython.cast(uint64_t, now.tv_sec) * 1000000000 + now.tv_nsec
