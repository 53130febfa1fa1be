"""Readiness: one thread asks epoll which sockets are ready, and does each connection's next step.

Registered once and level-triggered (edge-triggered where threads drive the connections too): a request costs one
recv and one send. EPOLLOUT is asked for only after a socket was full, EPOLLIN is given up only while an application
must not be fed. A step that calls an application goes through handle(), where the epoll engine runs it inline and
the pool hands it to a thread.
"""

import cython
from cython.cimports.cpython.object import PyObject
from cython.cimports.cpython.pythread import PyThread_get_thread_ident
from cython.cimports.cpython.ref import Py_DECREF
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.connection import Connection, Deadline, Step
from cython.cimports.gearshift.engines.accepting import Life, Tag
from cython.cimports.gearshift.engines.transport import (
    Sent,
    close_socket,
    finish_sending,
    peer_took,
    send_output,
)
from cython.cimports.gearshift.floor import let_go, take_again
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import EAGAIN, EINTR, errno
from cython.cimports.libc.stdint import uint64_t

from gearshift.exchange import ClientDisconnected

MOST_EVENTS = cython.declare(cython.int, 256)
MOST_GATHERED = cython.declare(cython.Py_ssize_t, 16)  # answers that leave together
GATHERED_SIZE = cython.declare(cython.longlong, 32768)  # bytes of the largest answer that waits for others
GATHERED_FOR = cython.declare(cython.double, 0.0005)  # seconds after which the next answer takes them along
MOST_SENDS = cython.declare(cython.int, 4)  # of one connection in one turn
CROWD = cython.declare(cython.Py_ssize_t, 16)  # connections that have more to send; past it, one send each
FOREIGN = cython.declare(cython.ulonglong, 1 << 63)  # no pointer of a process has this bit
JUDGED_EVERY = cython.declare(cython.double, 0.01)  # seconds between two looks at the requests that wait
LONGEST_WAIT = cython.declare(cython.double, 3600.0)


class ReadinessLoop:
    """The turns of one epoll instance. Parameters: see Workplace in engines/__init__.py."""

    def __cinit__(self, workplace: object):
        self.gathered = []
        self.onward = []

    # ---- one turn ----------------------------------------------------------------------------------------

    def turn(self, timeout: cython.double):
        """Waits up to `timeout` seconds (below 0: until something happens), then does what is ready."""
        term: cython.long = self.term
        if self.next_event == self.event_count and not self.gathered and not self.onward:
            self._wait(timeout)  # else a thread was relieved in the middle of its events
        while self.next_event < self.event_count:
            self.next_event += 1
            self.gathers = self.next_event < self.event_count
            self._dispatch(cython.address(self.events[self.next_event - 1]))
            if self.term != term:
                return 0
            if self.gathered and not self._may_gather():
                self._send_gathered()
                if self.term != term:
                    return 0
        if self.gathered or self.onward:  # of a leader that was relieved; before they may be handed over
            self._send_gathered()
            if self.term != term:
                return 0
        if self.woken:
            self._later()
        if self.deadlines.next_due() <= self.now:
            while self.term == term:
                connection = self.deadlines.expired(self.now)
                if connection is None:
                    break
                self._expired(connection)
        if self.term != term:
            return 0
        if self.arrivals:
            self._welcome()
        if self.waiting.count > 0:
            self.serve_waiting()
            if self.term != term:
                return 0
        if self.resume_accepting and self.now >= self.resume_accepting:
            self._listen(True)
        if self.successor is not None:
            self._hand_over()
        if self.drain_seconds >= 0 or self.stop_asked:
            self._check_drain()
            if self.term != term:
                return 0
        if self.closed:
            self.closed.clear()
        return 0

    def _wait(self, timeout: cython.double):
        """Asks epoll; its answer stands in `events`, from `next_event` to `event_count`."""
        count: cython.int
        milliseconds: cython.int
        patience: cython.double = self._patience(timeout)
        # Rounded up: a deadline a fraction of a millisecond away must not be spun for.
        milliseconds = cython.cast(cython.int, patience * 1000 + 0.999) if patience > 0 else 0
        floor: cython.int = let_go()
        with cython.nogil:
            count = sockets.epoll_wait(self.epoll, self.events, MOST_EVENTS, milliseconds)
        take_again(floor)
        self.next_event = 0
        self.event_count = count if count > 0 else 0
        self.thread = PyThread_get_thread_ident()
        self.tick()
        return 0

    def _expired(self, connection: Connection):
        """Its deadline has passed; a peer that is slow but takes bytes has made progress (peer_took)."""
        try:
            if connection.listed == Deadline.WRITE_PROGRESS_BY and peer_took(connection):
                self.deadlines.enter(connection, Deadline.WRITE_PROGRESS_BY, self.now, True)
                return 0
            if connection.awaits_room:  # no thread has it just now (pool, auto): it is given up here
                connection.awaits_room = connection.lent = False
                connection.driver = self
            self._busy_with(connection)
            connection.expire()
            self.drive(connection)
        except Exception as error:
            self.broken(connection, error)
        return 0

    def _patience(self, timeout: cython.double) -> cython.double:
        """How long this turn may wait, in seconds."""
        due: cython.double
        now: cython.double = monotonic()
        self.standing.turn_lasted(now - self.now, now)
        if self.balance is not None:
            self.balance.note(self.connections)
        if (
            self.woken
            or timeout == 0
            or (self.calls is not None and self.waiting.count > 0 and self._may_run())
        ):
            return 0
        if self.waiting.count > 0:
            timeout = JUDGED_EVERY if timeout < 0 else min(timeout, JUDGED_EVERY)
        due = self.deadlines.next_due()
        if self.resume_accepting:
            due = min(due, self.resume_accepting)
        if self.life == Life.DRAINING:
            due = min(due, self.grace_ends if self.grace_ends > self.now else self.drain_ends)
        due = min(due - now, LONGEST_WAIT)
        if timeout > 0:
            due = min(due, timeout)
        return max(due, 0.0)

    def _dispatch(self, event: cython.pointer[sockets.epoll_event]):
        drained: uint64_t
        tag: cython.ulonglong = event.data.u64
        if tag >= FOREIGN:
            self.foreign.append((tag - FOREIGN, event.events))
        elif tag >= Tag.FIRST_POINTER:
            connection: Connection = cython.cast(Connection, event.data.ptr)
            if connection.fd < 0:
                return 0
            try:
                self.ready(connection, event.events)
            except Exception as error:
                self.broken(connection, error)
        elif tag == Tag.WAKEUP:
            sockets.read(self.wakeup, cython.address(drained), 8)
        elif self.life == Life.ACCEPTING:
            if self.gathered:
                self._send_gathered()  # an idle connection that may have to make room is among them
            self._accept(self.listeners[tag - 1])
        return 0

    def _later(self):
        """Connections that were woken by their application, or that had more to do than one turn allows."""
        term: cython.long = self.term
        left: cython.Py_ssize_t = len(self.woken)
        while left > 0 and self.term == term:
            left -= 1
            connection: Connection = self.woken.popleft()
            connection.queued = False
            if connection.fd >= 0:
                self._go_on(connection)
        return 0

    def _go_on(self, connection: Connection):
        """Drives it, whatever comes of that."""
        try:
            self.drive(connection)
        except Exception as error:
            self.broken(connection, error)
        return 0

    # ---- answers that leave together -------------------------------------------------------------------------

    def _gather(self, connection: Connection):
        """Its answer leaves together with those to the events behind it. One by one, the kernel's sending and the
        application's code would push each other out of the processor's caches with every request.
        """
        if not self.gathered:
            self.gathered_since = monotonic()
        self.gathered.append(connection)
        connection.settle()
        return 0

    def _may_gather(self) -> cython.bint:
        """Whether what was gathered may wait for one more: a few answers, and for no slow handler's end."""
        return (
            self.next_event < self.event_count
            and len(self.gathered) < MOST_GATHERED
            and monotonic() - self.gathered_since < GATHERED_FOR
        )

    def _send_gathered(self):
        """Sends them all, then does each connection's next step. Each is taken from its list just before: where this
        leader is relieved meanwhile (auto), the next one goes on with the rest.
        """
        term: cython.long = self.term
        self.gathers = False
        while self.gathered and self.term == term:
            connection: Connection = self.gathered.pop(0)
            if self._send_one(connection):
                self.onward.append(connection)
        while self.onward and self.term == term:
            connection = self.onward.pop(0)
            if connection.fd >= 0:
                self._go_on(connection)
        return 0

    def _send_one(self, connection: Connection) -> cython.bint:
        """Whether there is more to do for it now. After a relief others may have driven it already."""
        term: cython.long = self.term
        goes_on: cython.bint = False
        if connection.fd < 0 or connection.lent or connection.waits:
            return False
        if connection.output is None or connection.output.pending == 0:
            return True
        self._busy_with(connection)
        try:
            goes_on = self._write(connection)
        except Exception as error:
            self.broken(connection, error)
        if self.term != term:
            return False  # the thread that was relieved goes on with it
        self.driven = cython.NULL
        return goes_on and connection.fd >= 0

    # ---- one connection --------------------------------------------------------------------------------------

    def ready(self, connection: Connection, events: cython.uint):
        """The kernel says that something can be done on this socket."""
        if connection.waits:
            if events & (sockets.EPOLLHUP | sockets.EPOLLERR):
                self.waiting.remove(connection)
                connection.gone = True
                self.answer_unserved(connection)
            return 0
        if events & sockets.EPOLLOUT:
            connection.blocked = False
        if events & ~sockets.EPOLLOUT:
            self._busy_with(connection)
            self._receive(connection, events)
        return self.drive(connection)

    def _busy_with(self, connection: Connection):
        """Before drive() is: where a client has left, its answer is ended, and the application's close() may take long.
        Where this thread is relieved then, drive() finds the connection lent.
        """
        if connection.exchange is not None:
            self.drives += 1
            self.driven = cython.cast(cython.pointer[PyObject], connection)
        return 0

    def _receive(self, connection: Connection, events: cython.uint):
        taken: cython.Py_ssize_t
        if not connection.takes_input():
            if events & (sockets.EPOLLHUP | sockets.EPOLLERR):
                connection.lose()
            else:
                self.watch(connection, connection.interest & ~sockets.EPOLLIN)
            return 0
        if connection.datagrams:
            connection.news = connection.conversation.receive()
            return 0
        taken = sockets.recv(connection.fd, self.input, self.input_size, sockets.MSG_DONTWAIT)
        if taken > 0:
            connection.news = taken == self.input_size or events & sockets.EPOLLRDHUP != 0
            return connection.received(self.input, taken)
        if taken == 0:
            return connection.received_eof()
        if errno != EAGAIN and errno != EINTR:
            connection.lose()
        return 0

    def drive(self, connection: Connection):
        """Does the connection's steps until it must wait for something.

        An application, or a slow disk behind a file, may hold this thread so long that another one takes over its
        events (auto): then the term is another, and nothing of the loop may be touched any more.
        """
        step: Step
        sends: cython.int = 0
        # One that was woken to go on sending may since have been given a thread (pool, auto): it is that one's.
        if connection.waits or connection.lent:
            return 0
        term: cython.long = self.term
        self.drives += 1
        self.driven = cython.cast(cython.pointer[PyObject], connection)
        while True:
            step = connection.advance()
            if self.term != term:
                return 0
            if step == Step.RUN:
                if not self.handle(connection):
                    break
            elif step == Step.WRITE and sends < (MOST_SENDS if len(self.woken) < CROWD else 1):
                sends += 1
                if not self._write(connection):
                    break
            elif step == Step.CLOSE:
                self.close(connection)
                break
            else:
                self._rest(connection, step)
                break
            if self.term != term:
                return 0
        if self.term == term:
            self.driven = cython.NULL
        return 0

    def _write(self, connection: Connection):
        """The WRITE step. False: the socket is full, or other answers are gathered first; the connection rests."""
        term: cython.long = self.term
        before: cython.longlong = connection.output.pending
        if self.gathers and before <= GATHERED_SIZE and connection.output.file() == cython.NULL:
            self._gather(connection)
            return False
        sent: Sent = send_output(connection)
        if self.term != term:
            return True
        if sent == Sent.FAILED:
            connection.lose()
        elif sent == Sent.SOME:
            connection.blocked = True
            connection.deadline = Deadline.WRITE_PROGRESS_BY
            self.deadlines.enter(
                connection, Deadline.WRITE_PROGRESS_BY, self.now, connection.output.pending < before
            )
            self.watch(connection, connection.interest | sockets.EPOLLOUT | self.arm)
            connection.settle()
            return False
        else:
            connection.blocked = False
        return True

    def _rest(self, connection: Connection, step: Step):
        """Nothing more can be done in this turn: waits for the socket, the application or the next turn."""
        if step == Step.WRITE or step == Step.LATER:
            self.wake(connection)  # it has had its share of sends, or others had theirs of handshakes
        elif not connection.blocked:
            if connection.deadline == Deadline.LINGER_UNTIL and connection.listed != Deadline.LINGER_UNTIL:
                finish_sending(connection)
            self.deadlines.enter(
                connection,
                connection.deadline,
                self.now,
                connection.deadline != Deadline.HEAD_BY and connection.deadline != Deadline.LINGER_UNTIL,
            )
            self.watch(connection, (sockets.EPOLLIN if connection.takes_input() else 0) | self.arm)
        connection.settle()
        return 0

    def held_up(self, milliseconds: cython.long):
        """The watch has seen that drive() does not come back."""
        return 0

    def let_go(self):
        """What was held up goes on."""
        return 0

    def flush(self, channel: Channel):
        """Sends what the socket takes now; this loop can't wait for the rest."""
        connection: Connection = channel
        sent: Sent = Sent.ALL
        while sent == Sent.ALL and connection.has_output():
            sent = send_output(connection)
        if sent == Sent.FAILED:
            connection.exchange.peer_is_lost()
            raise ClientDisconnected("the client is gone")
        return 0

    def close(self, connection: Connection):
        self.deadlines.leave(connection)
        self._unregister(connection)
        close_socket(connection)
        self.connections -= 1
        self.closed.append(connection)
        Py_DECREF(connection)
        if self.resume_accepting:
            self.resume_accepting = self.now
        return 0

    def broken(self, connection: Connection, error: object):
        """A step raised: a flaw of the server itself. It costs this connection, not the loop."""
        self.service.error_log.exception("internal error; one connection is closed", error)
        if connection.fd >= 0:
            connection.lose()
            if not connection.lent:  # else the thread that has it will find it lost
                self.driven = cython.NULL
                self.close(connection)
        return 0
