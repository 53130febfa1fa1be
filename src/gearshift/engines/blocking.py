"""Blocking: one thread does all steps of one connection, waiting in the kernel for each.

Used by the thread engine for a connection's whole life and by the pool's threads for one request. Each wait has
the deadline as its timeout, so a deadline means the same as in a loop: the timeout of poll(), or that of a blocking
socket's recv() where this thread alone drives the connection and so can do without the poll(). Nothing is waited
for while the interpreter is held.
"""

import os

import cython
from cython.cimports.cpython.pythread import PyThread_get_thread_ident
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.connection import Connection, Deadline, Phase, Step
from cython.cimports.gearshift.engines.blocking import Outcome
from cython.cimports.gearshift.engines.sleepers import poll
from cython.cimports.gearshift.engines.transport import (
    Sent,
    close_socket,
    finish_sending,
    peer_took,
    send_output,
)
from cython.cimports.gearshift.exchange import Service
from cython.cimports.gearshift.floor import let_go, take_again
from cython.cimports.gearshift.http.refusals import Refusal
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import EAGAIN, EINTR, ETIMEDOUT, errno
from cython.cimports.libc.stdint import uint64_t

from gearshift.exchange import ClientDisconnected

FOREVER = cython.declare(cython.double, 1e9)


class BlockingDriver:
    """A thread that drives one connection at a time. `parks`: give it back between requests."""

    def __cinit__(self, service: Service, timeouts: object, parks: cython.bint, *_):
        self.service = service
        self.local = service.application.local(True)
        self.can_block = self.beside = True
        self.parks = parks
        self.wakeup = -1
        if service.wakes:
            self._make_wakeup()
        self.seconds[cython.cast(cython.int, Deadline.NO_DEADLINE)] = FOREVER
        self.seconds[cython.cast(cython.int, Deadline.IDLE_UNTIL)] = timeouts.idle
        self.seconds[cython.cast(cython.int, Deadline.HEAD_BY)] = timeouts.head
        self.seconds[cython.cast(cython.int, Deadline.BODY_PROGRESS_BY)] = timeouts.body
        self.seconds[cython.cast(cython.int, Deadline.WRITE_PROGRESS_BY)] = timeouts.write
        self.seconds[cython.cast(cython.int, Deadline.LINGER_UNTIL)] = timeouts.linger

    def __dealloc__(self):
        if self.wakeup >= 0:
            sockets.close(self.wakeup)

    def _make_wakeup(self):
        self.wakeup = sockets.eventfd(0, sockets.EFD_NONBLOCK | sockets.EFD_CLOEXEC)
        if self.wakeup < 0:
            raise OSError(errno, os.strerror(errno))
        return 0

    def serve(self, connection: Connection):
        """Does the connection's steps until it is closed or, where this driver parks, between requests."""
        step: Step
        self.thread = PyThread_get_thread_ident()
        self.tick()
        while True:
            step = connection.advance()
            if step == Step.RUN:
                self.run_step(connection)
            elif step == Step.WRITE:
                if not self._send_all(connection):
                    return Outcome.FULL
            elif step == Step.READ:
                self.resting = connection.exchange is None and connection.speaks()
                if self.resting and (self.parks or self.leave_asked):
                    return Outcome.AT_BOUNDARY
                if self.parks and connection.phase == Phase.LINGERING and connection.conversation is None:
                    finish_sending(connection)
                    return (
                        Outcome.AT_BOUNDARY
                    )  # the poller waits for its end: those that stay would hold threads
                if connection.phase == Phase.CONVERSING:
                    self._wait(connection)
                else:
                    self._receive(connection)
                self.resting = False
            elif step == Step.WAIT:
                self._wait(connection)
            else:
                self.close(connection)
                return Outcome.CLOSED

    def run_step(self, connection: Connection):
        """The RUN step: calls the application."""
        return connection.run()

    def close(self, connection: Connection):
        """Closes the connection's socket."""
        return close_socket(connection)

    # ---- sending ---------------------------------------------------------------------------------------------

    def _send_all(self, connection: Connection):
        """The WRITE step. False: this thread does not wait for the peer to take the rest."""
        if not self._flushed(connection):
            self._give_up(connection)
        return True

    def _give_up(self, connection: Connection):
        """The peer took nothing for too long, or is gone."""
        connection.deadline = Deadline.WRITE_PROGRESS_BY
        return connection.expire()

    def _flushed(self, connection: Connection):
        """Sends everything, waiting for the peer; False where it took nothing for too long, or is gone."""
        sent: Sent
        while connection.has_output():
            sent = send_output(connection)
            if sent == Sent.FAILED:
                return False
            if sent == Sent.SOME and not self._ready_to_write(connection):
                return False
        return True

    def _ready_to_write(self, connection: Connection):
        """Waits until the socket takes bytes again; False where the peer took none for too long."""
        while True:
            if self._room_within(
                connection, self.seconds[cython.cast(cython.int, Deadline.WRITE_PROGRESS_BY)]
            ):
                return True
            if not peer_took(connection):
                return False

    def _room_within(self, connection: Connection, seconds: cython.double):
        """Waits so long at most for the socket to take bytes again; whether it does."""
        entry: sockets.pollfd
        count: cython.int
        milliseconds: cython.int = cython.cast(cython.int, seconds * 1000 + 0.999)
        entry.fd = connection.fd
        entry.events = sockets.POLLOUT
        count = poll(cython.address(entry), 1, milliseconds)
        while count < 0 and errno == EINTR:
            count = poll(cython.address(entry), 1, milliseconds)
        return count > 0

    def flush(self, channel: Channel):
        """For an application's write(): returns when the socket has taken everything."""
        connection: Connection = channel
        if not self._flushed(connection):
            connection.exchange.peer_is_lost()
            raise ClientDisconnected("the client takes nothing any more")
        return 0

    # ---- receiving -------------------------------------------------------------------------------------------

    def _receive(self, connection: Connection):
        """The READ step: waits for bytes, the end, or the deadline."""
        taken: cython.Py_ssize_t
        seconds: cython.double
        if connection.deadline == Deadline.LINGER_UNTIL and connection.listed != Deadline.LINGER_UNTIL:
            finish_sending(connection)
        seconds = self._remaining(connection)
        connection.settle()
        taken = self._blocking_recv(connection, seconds)
        self.tick()
        if taken == -ETIMEDOUT:
            return connection.expire()
        if taken == -EINTR:
            return 0  # asked to leave
        return self._taken(connection, taken)

    def receive_more(self, channel: Channel):
        """For an application that reads the body: returns when more has come; the protocol says what it is."""
        taken: cython.Py_ssize_t
        connection: Connection = channel
        if connection.unsent() > 0:
            self.flush(channel)
        connection.settle()
        taken = self._blocking_recv(
            connection, self.seconds[cython.cast(cython.int, Deadline.BODY_PROGRESS_BY)]
        )
        self.tick()
        if taken > 0:
            return connection.received(self.input, taken)
        if taken == 0:
            connection.input_ended()
        elif taken == -ETIMEDOUT:
            connection.protocol.refuse(Refusal.BODY_LATE)
        else:
            connection.exchange.peer_is_lost()
            raise ClientDisconnected("the client is gone")
        return 0

    def _remaining(self, connection: Connection) -> cython.double:
        """Seconds until the running deadline; those counted from progress begin anew with each wait."""
        kind: Deadline = connection.deadline
        if connection.listed != kind or (kind != Deadline.HEAD_BY and kind != Deadline.LINGER_UNTIL):
            connection.listed = kind
            connection.since = self.now
            return self.seconds[cython.cast(cython.int, kind)]
        return max(connection.since + self.seconds[cython.cast(cython.int, kind)] - self.now, 0.0)

    def _blocking_recv(self, connection: Connection, seconds: cython.double) -> cython.Py_ssize_t:
        """recv, waited for at most that long; an error is its negative number, ETIMEDOUT when nothing came."""
        entry: sockets.pollfd
        taken: cython.Py_ssize_t
        count: cython.int
        milliseconds: cython.int = cython.cast(cython.int, min(seconds, 86400.0) * 1000 + 0.999)
        if not self.parks:
            return self._recv_with_timeout(connection, milliseconds)
        entry.fd = connection.fd
        entry.events = sockets.POLLIN
        floor: cython.int = let_go()
        with cython.nogil:
            while True:
                count = sockets.poll(cython.address(entry), 1, milliseconds)
                if count > 0:
                    taken = sockets.recv(connection.fd, self.input, self.input_size, sockets.MSG_DONTWAIT)
                    if taken >= 0:
                        break
                    if errno != EAGAIN and errno != EINTR:
                        taken = -errno
                        break
                elif count == 0:
                    taken = -ETIMEDOUT
                    break
        take_again(floor)
        return taken

    def _recv_with_timeout(self, connection: Connection, milliseconds: cython.int) -> cython.Py_ssize_t:
        """One system call; the socket is told its timeout only when that changes."""
        timeout: sockets.timeval
        taken: cython.Py_ssize_t
        if connection.receive_timeout != milliseconds:
            connection.receive_timeout = milliseconds
            timeout.tv_sec = milliseconds // 1000
            timeout.tv_usec = milliseconds % 1000 * 1000 + (1 if milliseconds == 0 else 0)
            sockets.setsockopt(
                connection.fd,
                sockets.SOL_SOCKET,
                sockets.SO_RCVTIMEO,
                cython.address(timeout),
                cython.sizeof(timeout),
            )
        floor: cython.int = let_go()
        with cython.nogil:
            taken = sockets.recv(connection.fd, self.input, self.input_size, 0)
            while taken < 0 and errno == EINTR and not (self.resting and self.leave_asked):
                taken = sockets.recv(connection.fd, self.input, self.input_size, 0)
            if taken < 0:
                taken = -ETIMEDOUT if errno == EAGAIN else -errno
        take_again(floor)
        return taken

    def _taken(self, connection: Connection, size: cython.Py_ssize_t):
        if size > 0:
            return connection.received(self.input, size)
        if size == 0:
            return connection.received_eof()
        return connection.lose()

    # ---- waiting for an application that runs elsewhere, or for whom a raw handler speaks to ---------------

    def _wait(self, connection: Connection):
        """Until the application has something new, or the peer has, or the deadline passes."""
        entries: sockets.pollfd[2]
        drained: uint64_t
        count: cython.int
        milliseconds: cython.int = cython.cast(
            cython.int, min(self._remaining(connection), 86400.0) * 1000 + 0.999
        )
        connection.settle()
        if self.wakeup < 0:  # the first HTTP/2 connection of this thread
            self._make_wakeup()
            if connection.conversation is not None and connection.conversation.said:
                return 0  # it was woken before it could be
        entries[0].fd = self.wakeup
        entries[0].events = sockets.POLLIN
        entries[0].revents = 0
        entries[1].fd = connection.fd
        entries[1].events = sockets.POLLIN if connection.takes_input() else 0
        entries[1].revents = 0
        count = poll(cython.address(entries[0]), 2, milliseconds)
        self.tick()
        if count == 0:
            return connection.expire()
        if entries[0].revents:
            sockets.read(self.wakeup, cython.address(drained), 8)
        if entries[1].revents:
            if not connection.takes_input():
                return connection.lose()
            if connection.datagrams:
                return connection.conversation.receive()
            count = cython.cast(
                cython.int, sockets.recv(connection.fd, self.input, self.input_size, sockets.MSG_DONTWAIT)
            )
            if count >= 0 or (errno != EAGAIN and errno != EINTR):
                return self._taken(connection, count)
        return 0

    def wake(self, channel: Channel):
        """Ends a wait, or the next one; the descriptor counts, so no wake-up is lost."""
        one: uint64_t = 1
        if self.wakeup < 0:
            return 0  # it looks at what was said before it first waits
        sockets.write(self.wakeup, cython.address(one), 8)
        return 0

    def nudge(self, channel: Channel):
        return self.wake(channel)
