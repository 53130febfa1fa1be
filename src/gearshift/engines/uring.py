"""The io_uring engine: operations are submitted, the kernel does both phases of them and reports their completion.

One `enter` a turn submits all that the turn brought (sends, receives armed anew, cancellations) and fetches what has
completed. A listener has one accept that goes on for ever, a connection one receive that does: the kernel puts what
came into a buffer of its choice, so an idle connection holds none. What the ring has no operation for (files, large
answers in several parts) is written by system calls, and the ring waits for room.

Every operation holds a reference to its connection until its last completion, and a send holds its Output: closing
only cancels. Wake-ups, signals and an asyncio loop's descriptors stand in an epoll instance that the ring polls.
"""

import cython
from cython.cimports.cpython.pythread import PyThread_get_thread_ident
from cython.cimports.cpython.ref import Py_DECREF, Py_INCREF
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.connection import Connection, Deadline
from cython.cimports.gearshift.engines.accepting import Life
from cython.cimports.gearshift.engines.epoll import EpollEngine
from cython.cimports.gearshift.engines.readiness import ReadinessLoop
from cython.cimports.gearshift.engines.ring import Completion, Operation, Ring, Submission
from cython.cimports.gearshift.engines.transport import finish_sending
from cython.cimports.gearshift.engines.uring import Purpose
from cython.cimports.gearshift.http.output import Output, Span
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import EMFILE, ENFILE, ENOBUFS, ENOMEM
from cython.cimports.libc.stdint import uint32_t, uint64_t

from gearshift.engines.refusal import refuse_connection

ECANCELED = cython.declare(cython.int, 125)  # <errno.h>, which Cython's libc.errno lacks
MULTISHOT_ACCEPT = cython.declare(cython.int, 1)  # IORING_ACCEPT_MULTISHOT
MULTISHOT_RECEIVE = cython.declare(cython.int, 2)  # IORING_RECV_MULTISHOT
SELECT_BUFFER = cython.declare(cython.int, 32)  # IOSQE_BUFFER_SELECT
MORE = cython.declare(cython.uint, 2)  # IORING_CQE_F_MORE: the operation goes on
BUFFER_SHIFT = cython.declare(cython.int, 16)  # where a completion's flags name the buffer
HAS_BUFFER = cython.declare(cython.uint, 1)
OTHERS = cython.declare(cython.ulonglong, 60000)  # user_data of the poll of the epoll instance
FIRST_POINTER = cython.declare(cython.ulonglong, 65536)  # below it no connection, above 0 listeners
LOOKED_AT_EVERY = cython.declare(cython.double, 0.005)  # seconds, while another engine is waited on
GATHERED_FOR = cython.declare(
    cython.double, 0.0005
)  # seconds that an answer waits for others to be submitted with
NOTEWORTHY = cython.declare(cython.double, 0.001)  # seconds after which a send has waited for its reader
MOST_KEPT = cython.declare(cython.Py_ssize_t, 65536)  # bytes of input kept while an answer is being sent
LARGEST_SUBMITTED = cython.declare(cython.Py_ssize_t, 65536)  # bytes; larger ones go by a system call at once


class UringEngine:
    """Serves until drained or stopped. Its thread is the first that begins or waits."""

    def _wait(self, timeout: cython.double):
        """Submits, waits, and does what has completed; what the epoll instance reports is left to the turn."""
        place: cython.pointer[Submission]
        patience: cython.double
        if self.ring is None:
            self.ring = Ring()
        if not self.others_polled:
            self.others_polled = True
            place = self.ring.prepare(Operation.POLL_ADD, self.epoll, OTHERS)
            place.operation_flags = sockets.EPOLLIN
        patience = self._patience(timeout)
        self.next_event = self.event_count = 0
        self.ring.enter(1 if patience > 0 else 0, patience)
        self.thread = PyThread_get_thread_ident()
        self.tick()
        return self._reap()

    def _reap(self):
        """Everything that has completed so far; what does meanwhile is the next turn's. Answers are submitted together,
        but for no slow handler's end. (Where connections are to leave, they do between the answer's being made and the
        next request: then answers must not go out before that was seen to.)
        """
        began: cython.double = monotonic()
        now: cython.double
        completion: cython.pointer[Completion] = self.ring.peek()
        left: cython.uint = self.ring.completed()
        while left > 0 and completion != cython.NULL:  # one of them may have reaped the others
            left -= 1
            self._complete(completion)
            completion = self.ring.peek()
            if self.ring.tail != self.ring.submitted and self.successor is None:
                now = monotonic()
                if now - began > GATHERED_FOR:
                    began = now
                    self.ring.enter(0, 0)
        return 0

    def _complete(self, completion: cython.pointer[Completion]):
        user_data: uint64_t = completion.user_data
        result: cython.int = completion.result
        flags: uint32_t = completion.flags
        self.ring.seen()
        if user_data >= FIRST_POINTER:
            pointer: cython.p_void = cython.cast(
                cython.p_void, user_data & ~cython.cast(uint64_t, Purpose.PURPOSES)
            )
            connection: Connection = cython.cast(Connection, pointer)
            try:
                self._completed(connection, user_data & Purpose.PURPOSES, result, flags)
            except Exception as error:
                self.broken(connection, error)
            if not flags & MORE:
                self.outstanding -= 1
                Py_DECREF(connection)
        elif user_data == OTHERS:
            self.others_polled = False
            self.event_count = max(sockets.epoll_wait(self.epoll, self.events, 256, 0), 0)
        elif user_data > 0:
            if not flags & MORE:
                self.outstanding -= 1
                self.accepts -= 1
            self._accepted(cython.cast(cython.int, user_data) - 1, result, flags)
        return 0

    # ---- accepting -------------------------------------------------------------------------------------------

    def _listen(self, on: cython.bint):
        index: cython.int
        self.resume_accepting = 0
        if self.ring is None:
            self.ring = Ring()
        if self.balance is not None:
            # A ring's accept waits exclusively: one that is busy would be told of a connection, and no other process.
            return EpollEngine._listen(self, on)
        for index in range(len(self.listeners)):
            if on:
                self._arm_accept(index)
        if not on:
            self._end_accepts()
        return 0

    def _end_accepts(self):
        """The ring holds the listening sockets: they are closed only once it has let go. A cancellation finds nothing
        to end (EALREADY) while a connection is just being accepted, and the accept then goes on: it is asked again.
        """
        index: cython.int
        while self.accepts > 0:
            for index in range(len(self.listeners)):
                self.ring.cancel(index + 1)
            self.ring.enter(0, 0)
            self._reap()
        return 0

    def _accepted(self, index: cython.int, result: cython.int, flags: uint32_t):
        address: sockets.sockaddr_storage
        size: sockets.socklen_t = cython.sizeof(sockets.sockaddr_storage)
        listener = self.listeners[index]
        if result >= 0:
            self.service.counts.accepted += 1
            if self.life == Life.STOPPED:
                sockets.close(result)
            elif self.connections >= self.most_connections and not self._make_room():
                self.service.counts.refused_connections += 1
                refuse_connection(result, listener)
            else:
                if (
                    sockets.getpeername(
                        result,
                        cython.cast(cython.pointer[sockets.sockaddr], cython.address(address)),
                        cython.address(size),
                    )
                    < 0
                ):
                    size = 0  # it is gone already; its end will be found when it is read
                self.adopt(result, listener, cython.address(address), size)
        elif -result in (EMFILE, ENFILE, ENOBUFS, ENOMEM) and not self._exhausted(-result):
            return 0
        if not flags & MORE and result != -ECANCELED and self.life == Life.ACCEPTING:
            self._arm_accept(index)
        return 0

    def _arm_accept(self, index: cython.int):
        place: cython.pointer[Submission] = self.ring.prepare(
            Operation.ACCEPT, self.listeners[index].fd, index + 1
        )
        place.ioprio = MULTISHOT_ACCEPT
        place.operation_flags = sockets.SOCK_NONBLOCK | sockets.SOCK_CLOEXEC
        self.outstanding += 1
        self.accepts += 1
        return 0

    def _register(self, connection: Connection):
        return self._arm(connection, Purpose.RECEIVE, sockets.EPOLLIN) == 0

    def _unregister(self, connection: Connection):
        purpose: cython.int
        if connection.armed == 0:
            return 0
        if not connection.reset and not connection.datagrams:
            # The ring keeps the socket a little longer: what comes meanwhile must not turn its end into a reset.
            finish_sending(connection)
        for purpose in range(Purpose.RECEIVE, Purpose.HANGUP + 1):
            self._disarm(connection, purpose)
        # Nothing may be left unsubmitted that names the descriptor: it can be another's as soon as it is closed.
        self.ring.enter(0, 0)
        return 0

    def _hand_over(self):
        """Receives are cancelled and their ends fetched here and now: by the next turn a busy client has sent more."""
        if self.life == Life.HANDING_OVER:
            for item in self.deadlines.resting():
                connection: Connection = item
                if not connection.stays(self.elsewhere):
                    self._let_leave(connection)
            self.ring.enter(0, 0)
            self._reap()
        return EpollEngine._hand_over(self)

    def _is_empty(self):
        """A cancelled accept may still have brought a connection, and closed ones have operations to end."""
        self._let_go()
        return self.outstanding == 0 and self.connections == 0

    def _let_leave(self, connection: Connection):
        """Only once no operation is under way on the socket: what a receive brings yet is served here."""
        purpose: cython.int
        for purpose in range(Purpose.RECEIVE, Purpose.HANGUP + 1):
            self._disarm(connection, purpose)
        return connection.armed == 0

    # ---- operations of one connection ------------------------------------------------------------------------

    def _arm(self, connection: Connection, purpose: cython.int, events: cython.uint):
        """Submits a receive or a poll, unless one is under way. One that is being cancelled is: a second receive beside
        it could overtake it. Its last completion arms what is wanted then.
        """
        place: cython.pointer[Submission]
        tag: uint64_t = cython.cast(uint64_t, cython.cast(cython.p_void, connection)) | purpose
        if connection.armed & (1 << purpose):
            return 0
        connection.armed |= 1 << purpose
        if purpose == Purpose.RECEIVE and not connection.datagrams:
            place = self.ring.prepare(Operation.RECV, connection.fd, tag)
            place.ioprio = MULTISHOT_RECEIVE
            place.flags = SELECT_BUFFER
        else:
            place = self.ring.prepare(Operation.POLL_ADD, connection.fd, tag)
            place.operation_flags = events
        self.outstanding += 1
        Py_INCREF(connection)
        return 0

    def _disarm(self, connection: Connection, purpose: cython.int):
        if connection.armed & (1 << purpose) and not connection.cancelled & (1 << purpose):
            connection.cancelled |= 1 << purpose
            self.ring.cancel(cython.cast(uint64_t, cython.cast(cython.p_void, connection)) | purpose)
        return 0

    def rearm(self, connection: Connection):
        """What epoll would be told to report is what is armed."""
        if connection.interest & sockets.EPOLLIN:
            self._arm(connection, Purpose.RECEIVE, sockets.EPOLLIN)
            self._disarm(connection, Purpose.HANGUP)
        else:
            self._disarm(connection, Purpose.RECEIVE)
            self._arm(connection, Purpose.HANGUP, 0)  # errors and hang-ups are always reported
        if connection.interest & sockets.EPOLLOUT:
            self._arm(connection, Purpose.ROOM, sockets.EPOLLOUT)
        return 0

    def _completed(self, connection: Connection, purpose: cython.int, result: cython.int, flags: uint32_t):
        if not flags & MORE:
            connection.armed &= ~(1 << purpose)
            connection.cancelled &= ~(1 << purpose)
        if purpose == Purpose.SENDING:
            return self._left(connection, result)
        if purpose == Purpose.RECEIVE:
            return self._came(connection, result, flags)
        if connection.fd < 0:
            return 0
        if connection.waits and purpose == Purpose.HANGUP and result > 0:
            return self.ready(connection, result)
        if purpose == Purpose.ROOM and result > 0:
            connection.blocked = False
            connection.interest &= ~sockets.EPOLLOUT
        elif purpose == Purpose.HANGUP and result & (sockets.EPOLLHUP | sockets.EPOLLERR):
            if not connection.takes_input():
                connection.lose()
        elif purpose == Purpose.HANGUP and result > 0:
            connection.armed |= 1 << purpose  # a half-closed peer would be reported for ever: no further poll
            connection.cancelled |= 1 << purpose
            return 0
        elif result == -ECANCELED:
            if self.successor is not None and connection.may_leave():
                return 0  # it goes at the end of this turn
            return self.rearm(connection)
        return self.drive(connection)

    def _came(self, connection: Connection, result: cython.int, flags: uint32_t):
        """Bytes, the peer's end, or an error."""
        number: cython.int = cython.cast(cython.int, flags >> BUFFER_SHIFT)
        try:
            if connection.fd < 0:
                return 0
            if connection.datagrams and result > 0:
                connection.conversation.receive()  # it was polled for: the ring's receive tells no addresses
            elif result > 0:
                connection.received(self.ring.buffer(number), result)
            elif result == 0:
                connection.received_eof()
            elif result != -ENOBUFS and result != -ECANCELED:
                connection.lose()
            if result == -ECANCELED and self.successor is not None and connection.may_leave():
                return 0  # it goes at the end of this turn
            if result == -ECANCELED or result == -ENOBUFS:
                self.rearm(connection)
                return 0
            if not flags & MORE:
                connection.interest &= ~sockets.EPOLLIN  # so that drive() arms it again where it is wanted
            if connection.in_flight is None and not connection.waits:
                self.drive(connection)
            else:
                connection.settle()  # its turn has not come, or the answer before it is still being sent
                if connection.kept_input() >= MOST_KEPT:
                    self.watch(connection, connection.interest & ~sockets.EPOLLIN)
        finally:
            if flags & HAS_BUFFER:
                self.ring.give_back(number)
        return 0

    def drive(self, connection: Connection):
        """Not while a send is under way: its completion drives."""
        if connection.in_flight is not None and connection.output is connection.in_flight:
            if connection.conversation is not None and connection.conversation.overfull:
                connection.reset = True
                self.close(connection)
            return 0
        return ReadinessLoop.drive(self, connection)

    # ---- sending ---------------------------------------------------------------------------------------------

    def _write(self, connection: Connection):
        spans: Span[2]
        place: cython.pointer[Submission]
        output: Output = connection.output
        if output.file() != cython.NULL or output.spans(spans, 2) != 1 or spans[0].length > LARGEST_SUBMITTED:
            return ReadinessLoop._write(self, connection)
        place = self.ring.prepare(
            Operation.SEND,
            connection.fd,
            cython.cast(uint64_t, cython.cast(cython.p_void, connection)) | Purpose.SENDING,
        )
        place.address = cython.cast(uint64_t, cython.cast(cython.p_void, spans[0].start))
        place.length = cython.cast(cython.uint, spans[0].length)
        place.operation_flags = sockets.MSG_NOSIGNAL
        connection.armed |= 1 << Purpose.SENDING
        connection.in_flight = output
        connection.untaken = 0x7FFFFFFF
        connection.deadline = Deadline.WRITE_PROGRESS_BY
        # The handler before it may have taken long: this turn began earlier.
        self.deadlines.enter(connection, Deadline.WRITE_PROGRESS_BY, monotonic(), True)
        self.outstanding += 1
        Py_INCREF(connection)
        connection.settle()
        return False

    def _left(self, connection: Connection, result: cython.int):
        """A send has ended: all of it, a part, or not at all."""
        output: Output = connection.in_flight
        connection.in_flight = None
        if output is not connection.output:
            output.clear()  # it was given up meanwhile
            if connection.fd < 0:
                return 0
        elif result > 0:
            output.sent(result)
            connection.bytes_out += result
            if self.now - connection.since > NOTEWORTHY:
                connection.took_part(connection.since)
                connection.took_all(self.now)
        else:
            connection.lose()
        if self.service.draining:
            return self.wake(connection)  # after what has come: its completion may stand behind this one
        return self.drive(connection)

    # ---- the end ---------------------------------------------------------------------------------------------

    def _look_once(self, connection: Connection):
        return self.drive(connection)  # what has come was completed when the listeners were cancelled

    @property
    def descriptor(self):
        return self.epoll if self.ring is None else self.ring.fd

    def patience(self):
        """Beside another engine this one is looked at often: a ring of this kind makes completions only when its thread
        asks (DEFER_TASKRUN), and its descriptor tells nobody that there are some to be made.
        """
        return min(self._patience(-1.0), LOOKED_AT_EVERY)

    def run(self) -> None:
        EpollEngine.run(self)
        self._let_go()
        self.ring = None

    def _let_go(self):
        """Waits, a moment at most, for the operations of closed connections to end: then their sockets are gone too."""
        rounds: cython.int = 0
        if self.ring is not None and self.life == Life.STOPPED:
            self._end_accepts()
        while self.ring is not None and self.outstanding > 0 and rounds < 100:
            rounds += 1
            self.ring.enter(1, 0.01)
            self._reap()
        return 0

    def close_descriptors(self) -> None:
        """From the thread that has served."""
        self._let_go()
        self.ring = None
        EpollEngine.close_descriptors(self)
