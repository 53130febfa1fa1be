"""The pool engine: a poller holds the idle connections, a bounded set of threads holds the requests.

The poller reads until a request's head is whole and puts it in a queue. A thread takes it, blocks for it as long
as it lasts (body, application, answer), and gives the connection back. While it is lent, the poller only notes that
there is news of it (edge-triggered, so it is told once), and the thread looks at that note before it gives it back:
a request costs no epoll_ctl.

Waking is a chain: the poller wakes one thread, and a thread that leaves work behind wakes the next, as long as
requests turn out to wait for something. So quick requests are served by one warm thread, and blocking ones spread
over as many threads as there are. Where the guess is wrong, the poller sees the queue stand and wakes one more.

A peer that reads slowly must not keep a thread: once an answer is whole, or others wait for a thread, the poller waits
for the peer in its place, and any thread goes on. Nor may a large answer: while others wait, it is sent in shares.

An ASGI application's requests are not held by threads but by its event loop: there the pool is another (poller.py).
"""

from collections import deque
from threading import Thread

import cython
from cython.cimports.cpython.pythread import PyThread_release_lock
from cython.cimports.cpython.ref import Py_DECREF
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.connection import Connection, Deadline, Phase
from cython.cimports.gearshift.engines.accepting import Life
from cython.cimports.gearshift.engines.blocking import BlockingDriver, Outcome
from cython.cimports.gearshift.engines.kinds import SLOW
from cython.cimports.gearshift.engines.readiness import ReadinessLoop
from cython.cimports.gearshift.engines.sleepers import new_gate, remove_gate, sleep_at
from cython.cimports.gearshift.engines.transport import Sent, close_socket, hang_up, peer_took, send_output
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import EAGAIN, EINTR, errno

HALF_CLOSE = cython.declare(cython.double, 0.01)  # seconds in which an end of input may follow its request
LAST_MOMENT = cython.declare(cython.double, 1.0)  # seconds that a thread with nothing left to do has to end
SHARE = cython.declare(cython.longlong, 262144)  # bytes that a thread sends of one answer while others wait
MOMENT = cython.declare(cython.double, 0.01)  # seconds between two looks at who waits for a thread
STANDS = cython.declare(cython.double, 0.001)  # seconds after which an untouched queue means stuck threads


class PoolWorker:
    """One thread of the pool."""

    def __cinit__(self, service: object, timeouts: object, parks: cython.bint, engine: PoolEngine, name: str):
        self.engine = engine
        self.name = name
        self.gate = new_gate()

    def __dealloc__(self):
        remove_gate(self.gate)

    def run(self) -> None:
        """The thread: one request after another, until the engine has stopped."""
        take_floor()
        try:
            cython.cast(PoolEngine, self.engine).waking = False
            self._work()
        finally:
            leave_floor()

    def _work(self):
        engine: PoolEngine = self.engine
        while True:
            connection: Connection = engine._next()
            if connection is not None:
                self._serve_one(connection)
                connection = None
            elif engine.life == Life.STOPPED:
                return 0
            else:
                self._sleep()

    def close(self, connection: Connection):
        cython.cast(PoolEngine, self.engine).forget(connection)
        return close_socket(connection)

    def serve(self, connection: Connection):
        """As any thread that blocks; what was left for want of room goes first."""
        if connection.blocked:
            connection.blocked = False
            self.tick()
            if not self._send_all(connection):
                return Outcome.FULL
        return BlockingDriver.serve(self, connection)

    def _send_all(self, connection: Connection):
        sent: Sent
        before: cython.longlong
        while connection.has_output():
            if self.share <= 0 and self._is_needed():
                return False
            before = connection.output.pending
            sent = send_output(connection)
            self.share -= before - connection.output.pending
            if sent == Sent.SOME and not self._room_before_needed(connection):
                return False
            if sent == Sent.FAILED:
                self._give_up(connection)
        return True

    def _room_before_needed(self, connection: Connection):
        """Waits for the peer as long as nobody else waits for this thread. An answer that is whole needs none."""
        waited: cython.double = 0
        while connection.exchange is not None and not self._is_needed():
            if self._room_within(connection, MOMENT):
                return True
            waited += MOMENT
            if waited >= self.seconds[cython.cast(cython.int, Deadline.WRITE_PROGRESS_BY)]:
                if not peer_took(connection):
                    self._give_up(connection)
                    return True
                waited = 0
        return False

    def _is_needed(self):
        """Whether others wait for a thread."""
        engine: PoolEngine = self.engine
        return engine.waiting.count > 0 or len(engine.resumed) > 0

    def _sleep(self):
        """Until somebody opens the gate."""
        engine: PoolEngine = self.engine
        engine.idle.append(self)
        sleep_at(self.gate)
        engine.waking = False
        return 0

    def _serve_one(self, connection: Connection):
        """From the queue until it is parked or closed; news that came meanwhile is served at once."""
        engine: PoolEngine = self.engine
        outcome: Outcome
        now: cython.double
        self.serving = connection
        self.share = SHARE
        connection.driver = self
        try:
            while True:
                outcome = self.serve(connection)
                now = monotonic()
                engine.blocking = now - self.now > SLOW
                if outcome == Outcome.CLOSED:
                    engine.closed_by_worker(connection)
                    break
                if outcome == Outcome.FULL:
                    engine.interrupted(connection, self.share <= 0)
                    break
                if (
                    connection.news
                    and connection.exchange is None
                    and not engine.leaves_unread(connection)
                    and engine.read_news(connection, self)
                ):
                    continue
                if engine.life == Life.STOPPED:  # nobody is left to give it back to
                    self.close(connection)
                    engine.closed_by_worker(connection)
                    break
                if engine.park(connection, now):
                    break
        except Exception as error:
            self.service.error_log.exception("internal error; one connection is closed", error)
            if connection.fd >= 0:
                self.close(connection)
                engine.closed_by_worker(connection)
        self.serving = None
        return 0


class PoolEngine:
    """Serves until drained or stopped. Parameters: a Workplace."""

    is_selector = False

    def __cinit__(self, workplace: object):
        self.workers = []
        self.threads = []
        self.idle = []
        self.resumed = deque()
        self.most_workers = min(workplace.threads, workplace.max_requests)
        self.preload = workplace.preload
        self.arm = sockets.EPOLLET | sockets.EPOLLRDHUP
        self.longest_wait = min(
            1.0, self.timeouts.idle, self.timeouts.head, self.timeouts.body, self.timeouts.write
        )

    def run(self) -> None:
        """Polls in the calling thread; returns once everything is closed."""
        take_floor()
        try:
            self._preload()
            self.begin()
            while self.life != Life.STOPPED:
                self._poll()
            self._stopped()
            self._join()
        finally:
            leave_floor()

    def _preload(self):
        """All threads are begun now, if that is wished."""
        while self.preload and len(self.workers) < self.most_workers:
            self._start_worker()
        return 0

    def _poll(self):
        """One turn, and then whether the queue moves."""
        taken: cython.long = self.taken
        term: cython.long = self.term
        # A parked connection may bring a deadline earlier than those this wait was computed from.
        if self.waiting.count == 0:
            self.waiting.judge(self.now)
            return self.turn(self.longest_wait if self.connections else -1)
        self.turn(STANDS)
        if self.term == term and self.waiting.count > 0 and taken == self.taken:
            self._wake_worker()
        return 0

    def serve_waiting(self):
        """The threads take them; of the poller it is asked whether the queue stands."""
        connection: Connection
        term: cython.long = self.term
        self.waiting.judge(self.now)
        while True:
            connection = self.waiting.take_overdue(self.now)
            if connection is None:
                return 0
            self.answer_unserved(connection)
            if self.term != term:
                return 0

    def _join(self):
        """Returns when the threads have ended; where connections were cut, a handler may still hold one."""
        threads: list = self.threads
        self.threads = []
        floor: cython.int = let_go()
        for thread in threads:
            thread.join(0 if self.cut else LAST_MOMENT)
        take_again(floor)
        return 0

    def _stopped(self):
        """Everything is closed: the threads that sleep end too."""
        for worker in self.idle:
            PyThread_release_lock(cython.cast(PoolWorker, worker).gate)
        self.idle = []
        return 0

    def close_descriptors(self) -> None:
        self.workers = []
        ReadinessLoop.close_descriptors(self)

    # ---- poller's side ---------------------------------------------------------------------------------------

    def handle(self, connection: Connection) -> cython.bint:
        """The RUN step: into the queue, or past its bound an answer that says so."""
        if connection.exchange.immediate:
            connection.run()
            return True
        free: cython.Py_ssize_t = len(self.idle) + self.most_workers - len(self.workers)
        self.deadlines.leave(connection)
        connection.settle()
        if connection.lent:
            return True  # its leader was relieved (auto) while it came here, and goes on with it
        # Before a thread can see it. Waking one may take long, and a leader that is relieved meanwhile must not take
        # along what is the thread's already.
        connection.lent = True
        self.driven = cython.NULL
        if not self.waiting.put(connection, self.now, free):
            connection.lent = False
            connection.shed()
            return True
        if self.blocking or len(self.idle) == len(self.workers) - self.leading:
            self._wake_worker()
        return False

    def ready(self, connection: Connection, events: cython.uint):
        """Of a lent connection the event is only noted."""
        if connection.lent:
            if events & ~sockets.EPOLLOUT:
                connection.news = True
            if connection.awaits_room and events & (sockets.EPOLLOUT | sockets.EPOLLHUP | sockets.EPOLLERR):
                return self._resume(connection)
            # An end of input that comes with the request is a half-close; one that comes later, a client that has left.
            if events & (sockets.EPOLLHUP | sockets.EPOLLERR) or (
                events & sockets.EPOLLRDHUP and self.now - connection.since > HALF_CLOSE
            ):
                connection.gone = True
            return 0
        # Of a quick client, the next request is here before what a thread has parked can be given to the successor.
        if self.life == Life.HANDING_OVER and self._give_away(connection):
            return 0
        ReadinessLoop.ready(self, connection, events)
        if connection.news and not connection.lent and connection.fd >= 0:
            connection.news = False
            self.rearm(connection)
        return 0

    def _resume(self, connection: Connection):
        """A thread goes on sending."""
        connection.awaits_room = False
        self.deadlines.leave(connection)
        self.resumed.append(connection)
        return self._wake_worker()

    def _wake_worker(self):
        """One more thread comes to look at the queue; none while one is on its way already."""
        if self.waking:
            return 0
        if self.idle:
            self.waking = True
            PyThread_release_lock(cython.cast(PoolWorker, self.idle.pop()).gate)
        elif len(self.workers) < self.most_workers:
            self.waking = True
            self._start_worker()
        return 0

    def _start_worker(self):
        name = f"{self.service.engine}-{len(self.workers) + 1}"
        worker: PoolWorker
        try:
            worker = self.make_worker(name)
        except OSError as error:  # with raw handlers it needs a descriptor; the next turn looks again
            self.waking = False
            self._exhausted(error.errno)
            return 0
        self.workers.append(worker)
        try:
            thread = Thread(target=worker.run, name=name, daemon=True)
            thread.start()
            self.threads.append(thread)
        except RuntimeError as error:
            self.workers.remove(worker)
            self.waking = False
            self.most_workers = max(1, len(self.workers))
            self.service.error_log.error(f"no more threads: {error}; the pool stays at {len(self.workers)}")
        return 0

    def make_worker(self, name: str):
        return PoolWorker(self.service, self.timeouts, True, self, name)

    # ---- the threads' side -----------------------------------------------------------------------------------

    def _next(self):
        """In turn one that is being answered and one that waits to be run; None where there are none."""
        connection: Connection = None
        if not self.resumed or self.resumed_last:
            connection = self._next_waiting()
        self.resumed_last = connection is None and len(self.resumed) > 0
        if self.resumed_last:
            self.taken += 1
            connection = self.resumed.popleft()
            if self.resumed or self.waiting.count > 0:
                self._wake_worker()
        return connection

    def _next_waiting(self):
        connection: Connection
        while self.service.running < self.most_requests:
            connection = self.waiting.take()
            if connection is None:
                break
            self.taken += 1
            if connection.gone:
                self.service.counts.abandoned += 1
                connection.lose()
                self.close(connection)
                continue
            if self.blocking and self.waiting.count > 0:
                self._wake_worker()
            return connection
        return None

    def read_news(self, connection: Connection, worker: PoolWorker):
        """Reads what the poller was told of; True where there is something to serve or to end."""
        taken: cython.Py_ssize_t
        connection.news = False
        connection.settle()  # a piece of the next head may stand in the very buffer that is about to be filled
        if connection.datagrams:
            connection.news = connection.conversation.receive()
            return True
        taken = sockets.recv(connection.fd, worker.input, worker.input_size, sockets.MSG_DONTWAIT)
        if taken < 0 and (errno in (EAGAIN, EINTR)):
            return False
        # More bytes may stand behind these, or the end of input: epoll has spoken of them already, and will not again.
        connection.news = taken > 0
        worker._taken(connection, taken)
        return True

    def leaves_unread(self, connection: Connection) -> cython.bint:
        """Whether its news are not for this thread: a flood would hold it, or the successor reads them."""
        return connection.phase == Phase.LINGERING or (self.successor is not None and connection.may_leave())

    def park(self, connection: Connection, now: cython.double):
        """Between requests: back to the poller. False where news came in this very moment."""
        connection.settle()
        unread: cython.bint = self.leaves_unread(connection)
        said: cython.bint = connection.conversation is not None and connection.conversation.said
        if (connection.news and not unread) or (said and connection.phase != Phase.LINGERING):
            return False
        # Only now: what an ASGI application says wakes the driver, and the poller must not drive what is lent.
        connection.driver = self
        connection.listed = Deadline.NO_DEADLINE
        connection.lent = connection.blocked = False
        # What it was watched for when it was lent may be another thing: an answer was stuck, input was not wanted.
        if unread:  # epoll tells the poller of it once more
            connection.news = False
            connection.interest = sockets.EPOLLIN | self.arm
            self.rearm(connection)
        else:
            self.watch(connection, sockets.EPOLLIN | self.arm)
        self.deadlines.enter(connection, cython.cast(cython.int, connection.deadline), now, True)
        if self.successor is not None:
            self.interrupt()  # the poller has somebody to give it to
        return True

    def interrupted(self, connection: Connection, now: cython.bint):
        """In the middle of sending: another thread goes on, now or when the poller has seen that there is room."""
        connection.settle()
        connection.blocked = True
        if self.life == Life.STOPPED:
            connection.lose()  # for the thread that closes it
        if now or self.life == Life.STOPPED:
            self.resumed.append(connection)
            return self._wake_worker()
        connection.awaits_room = True
        connection.deadline = Deadline.WRITE_PROGRESS_BY
        connection.listed = Deadline.NO_DEADLINE
        self.deadlines.enter(connection, Deadline.WRITE_PROGRESS_BY, monotonic(), True)
        # Anew even if it is watched for already: being edge-triggered, epoll tells of room that has come meanwhile.
        connection.interest |= sockets.EPOLLOUT
        return self.rearm(connection)

    def forget(self, connection: Connection):
        """A thread is about to close the socket. A forked child may hold it too, and keep it registered."""
        event: sockets.epoll_event
        return sockets.epoll_ctl(self.epoll, sockets.EPOLL_CTL_DEL, connection.fd, cython.address(event))

    def closed_by_worker(self, connection: Connection):
        """A thread has closed the socket: epoll's reference to the connection is given back."""
        self.connections -= 1
        # An event of the poller's present turn may still name it.
        self.closed.append(connection)
        Py_DECREF(connection)
        if self.resume_accepting or (self.life != Life.ACCEPTING and self.connections == 0):
            self.resume_accepting = self.now if self.resume_accepting else 0
            self.interrupt()
        return 0

    def release(self):
        """Closes what the poller holds, and wakes the threads that wait for peers."""
        for worker in self.workers:
            serving: Connection = cython.cast(PoolWorker, worker).serving
            if serving is not None and serving.fd >= 0:
                hang_up(serving)
        connection: Connection = self.waiting.take()
        while connection is not None:
            connection.lose()
            self.close(connection)
            connection = self.waiting.take()
        while self.resumed:
            connection = self.resumed.popleft()
            connection.lose()
            self.close(connection)
        return ReadinessLoop.release(self)
