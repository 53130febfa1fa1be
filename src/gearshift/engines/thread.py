"""The thread engine: a thread accepts, and each connection gets a thread of its own that blocks for it.

The simplest model and the simplest stack traces; what it costs is a thread for every connection, idle ones too.
An idle thread is ended by shutting down the reading side of its socket: what the kernel has received is still
delivered first, so no request is lost by it.
"""

import os

import cython
from cython.cimports.cpython.pythread import PyThread_release_lock
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.connection import Connection, Deadline
from cython.cimports.gearshift.engines import sleepers, transport
from cython.cimports.gearshift.engines.accepting import Life
from cython.cimports.gearshift.engines.blocking import Outcome
from cython.cimports.gearshift.engines.idle_threads import IdleThreads
from cython.cimports.gearshift.engines.thread import Verdict
from cython.cimports.gearshift.engines.waiting import WaitingRequests
from cython.cimports.gearshift.floor import leave_floor, take_floor
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import ECONNABORTED, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, errno
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.string import memcpy

from gearshift.engines.refusal import refuse_connection
from gearshift.errors import SettingError

MOST_LISTENERS = cython.declare(cython.int, 62)
MOST_ACCEPTED = cython.declare(cython.int, 64)  # in one go, so that signals and the end are heard of
MOST_SPARE = cython.declare(cython.Py_ssize_t, 64)
JUDGED_EVERY = cython.declare(cython.double, 0.01)  # seconds between two looks at the requests that wait
NUDGED_EVERY = cython.declare(cython.double, 0.002)  # seconds between the first two calls to leave, then more
LEAST_OFTEN = cython.declare(cython.double, 0.25)
PAUSE = cython.declare(cython.double, 0.05)  # seconds until the next try after running out of descriptors
QUIET = cython.declare(cython.double, 10.0)  # seconds in which a second exhaustion is the same burst
GRACE = cython.declare(cython.double, 1.0)  # for a connection accepted while draining to send its request


class ThreadDriver:
    """A connection's thread: what it may do of its own accord, and where it waits for its turn to run a request."""

    def __cinit__(self, service: object, timeouts: object, parks: cython.bint, engine: ThreadEngine):
        self.engine = engine
        self.gate = sleepers.new_gate()

    def __dealloc__(self):
        sleepers.remove_gate(self.gate)

    def run_step(self, connection: Connection):
        """The RUN step, once there is room for one more running request."""
        engine: ThreadEngine = self.engine
        if connection.exchange.immediate or engine.has_room():
            return connection.run()
        if not engine.waiting.put(connection, self.now, 0):
            return connection.shed()
        connection.half_closed = transport.peer_has_finished(connection)
        connection.settle()
        if engine.waiting.count == 1:
            engine.interrupt()  # from now on it has an eye on the queue
        sleepers.sleep_at(self.gate)
        self.tick()
        if self.verdict == Verdict.END:
            return connection.lose()
        left: cython.bint = not connection.half_closed and transport.peer_has_finished(connection)
        if self.verdict == Verdict.RUN:
            engine.admitted -= 1
            if not left:
                return connection.run()
            engine.admit()
        elif not left:
            engine.service.counts.shed_overdue += 1
            return connection.shed()
        engine.service.counts.abandoned += 1
        return connection.lose()

    def request_over(self):
        engine: ThreadEngine = self.engine
        return engine.admit() if engine.waiting.count > 0 else 0

    def loop_takes_more(self):
        return self.request_over()


class ThreadEngine:
    """Serves until drained or stopped. Parameters: a Workplace."""

    is_selector = False

    def __cinit__(self, workplace: object):
        self.service = workplace.service
        self.listeners = list(workplace.listeners)
        self.timeouts = workplace.timeouts
        self.most_connections = workplace.max_connections
        self.open = {}
        self.spare = []
        self.threads = IdleThreads(self._serve)
        self.life = Life.ACCEPTING
        self.drain_seconds = -1
        self.arrivals = []
        self.waiting = WaitingRequests(self.service, workplace.max_waiting, workplace.queue_delay)
        self.most_requests = workplace.max_requests
        if len(self.listeners) > MOST_LISTENERS:
            found = len(self.listeners)
            raise SettingError(f"--bind: found {found} addresses, expected at most {MOST_LISTENERS}")
        self.wakeup = sockets.eventfd(0, sockets.EFD_NONBLOCK | sockets.EFD_CLOEXEC)
        if self.wakeup < 0:
            raise OSError(errno, os.strerror(errno))

    def __dealloc__(self):
        if self.wakeup > 0:
            sockets.close(self.wakeup)

    def close_descriptors(self) -> None:
        """The last verb: after it the engine can't be asked for anything. May be called again."""
        take_floor()  # whoever interrupts must not write to what another opens next
        if self.wakeup > 0:
            sockets.close(self.wakeup)
        self.wakeup = -1
        leave_floor()
        self.spare.clear()

    # ---- verbs for the outside, from any thread ----------------------------------------------------------

    def run(self) -> None:
        """Accepts in the calling thread; returns once everything is closed."""
        take_floor()
        self.calls = getattr(self.service.application, "calls", None)  # of ASGI; since it has its loop
        try:
            while self.drain_seconds < 0 and not self.stop_asked and self.successor is None:
                self._turn(-1)
            if self.drain_seconds < 0 and not self.stop_asked:
                self._hand_over()
            if self.life != Life.STOPPED:
                self._drain()
                self.life = Life.STOPPED
            self.threads.end()
        finally:
            leave_floor()

    def begin(self) -> None:
        """Until run(), connections wait in the accept queue: nothing is to be prepared."""

    def drain(self, seconds: float) -> None:
        """Stop accepting, answer what was received, close; at the latest after that many seconds."""
        self.service.draining = True  # at once: an answer that is being made says that it is the last
        self.drain_seconds = seconds
        self.interrupt()

    def stop(self) -> None:
        """End now: whatever is under way is cut."""
        self.stop_asked = True
        self.interrupt()

    def interrupt(self) -> None:
        """Ends a wait of the accepting thread."""
        one: uint64_t = 1
        take_floor()
        sockets.write(self.wakeup, cython.address(one), 8)
        leave_floor()

    def hand_over(self, successor: object) -> None:
        """Stop accepting, and give each connection to that engine between two of its requests; the engine has
        stopped when the last one has left or ended.
        """
        self.elsewhere = getattr(successor, "elsewhere", False)
        self.successor = successor
        self.interrupt()

    def take(self, connection: Connection) -> None:
        """A connection that another engine gives away; it is settled, and nobody else drives it."""
        take_floor()
        self.arrivals.append(connection)
        leave_floor()
        self.interrupt()

    @property
    def connections(self):
        return len(self.open) + len(self.arrivals)

    # ---- requests that run, and those that wait for it -----------------------------------------------------

    def has_room(self):
        """Whether one more request may run now."""
        if self.calls is not None and not self.calls.takes_more(self.admitted):
            return False
        return self.service.running + self.admitted < self.most_requests

    def admit(self):
        """Wakes the threads of those whose turn has come."""
        while self.has_room():
            connection: Connection = self.waiting.take()
            if connection is None:
                break
            self.admitted += 1
            self._wake(connection, Verdict.RUN)
        return 0

    def _wake(self, connection: Connection, verdict: Verdict):
        driver: ThreadDriver = connection.driver
        driver.verdict = verdict
        PyThread_release_lock(driver.gate)
        return 0

    def _judge(self):
        """What is overdue in a queue that stands is told to come back."""
        self.waiting.judge(self.now)
        while True:
            connection: Connection = self.waiting.take_overdue(self.now)
            if connection is None:
                return 0
            self._wake(connection, Verdict.COME_BACK_LATER)

    def _turn(self, seconds: cython.double):
        """Waits so long at most (below 0: until something happens), and sees to what came and what waits."""
        if self.waiting.count > 0:
            seconds = JUDGED_EVERY if seconds < 0 else min(seconds, JUDGED_EVERY)
        if self.arrivals:
            seconds = 0  # there was no descriptor for them, and a pause was made for that
        self._wait(seconds)
        self.now = monotonic()
        if self.waiting.count > 0 or self.waiting.standing.overdue:
            self._judge()
        if self.arrivals:
            self._welcome()
        return 0

    # ---- accepting -----------------------------------------------------------------------------------------

    def _wait(self, seconds: cython.double):
        """Waits for connections or an interruption and accepts; True where it was interrupted."""
        entries: sockets.pollfd[64]
        drained: uint64_t
        count: cython.int
        index: cython.int
        watched: cython.int = 1
        milliseconds: cython.int = -1 if seconds < 0 else cython.cast(cython.int, seconds * 1000 + 0.999)
        entries[0].fd = self.wakeup
        entries[0].events = sockets.POLLIN
        if self.life == Life.ACCEPTING:
            for listener in self.listeners:
                entries[watched].fd = listener.fd
                entries[watched].events = sockets.POLLIN
                watched += 1
        count = sleepers.poll(cython.address(entries[0]), watched, milliseconds)
        if count <= 0:
            return False
        for index in range(1, watched):
            if entries[index].revents:
                self._accept(self.listeners[index - 1])
        if entries[0].revents:
            sockets.read(self.wakeup, cython.address(drained), 8)
            return True
        return False

    def _accept(self, listener: object):
        """Takes what waits in the accept queue; returns how many were taken."""
        address: sockets.sockaddr_storage
        size: sockets.socklen_t
        fd: cython.int
        listening: cython.int = listener.fd
        taken: cython.int = 0
        number: cython.int
        while taken < MOST_ACCEPTED and self._has_driver(listening):
            size = cython.sizeof(sockets.sockaddr_storage)
            fd = sockets.accept4(
                listening,
                cython.cast(cython.pointer[sockets.sockaddr], cython.address(address)),
                cython.address(size),
                sockets.SOCK_CLOEXEC,
            )
            if fd >= 0:
                taken += 1
                self.service.counts.accepted += 1
                if len(self.open) >= self.most_connections and not self._make_room():
                    self.service.counts.refused_connections += 1
                    refuse_connection(fd, listener)
                else:
                    self._begin(fd, listener, cython.address(address), size)
            elif errno in (EMFILE, ENFILE, ENOBUFS, ENOMEM):
                number = errno
                if transport.somebody_waits(listening):
                    self._exhausted(number)
                return taken
            elif errno != EINTR and errno != ECONNABORTED and errno != EPERM:
                return taken
        return taken

    def _begin(self, fd: cython.int, listener: object, address: cython.p_void, size: cython.uint):
        """A freshly accepted socket becomes a connection with a thread; where none can be had, it is told so.
        Only where _has_driver() has said yes: what can't be served for want of a descriptor waits in the accept queue.
        """
        connection: Connection = Connection(fd, self.service, self.spare.pop(), listener)
        connection.family = cython.cast(cython.pointer[sockets.sockaddr_storage], address).ss_family
        memcpy(connection.peer, address, min(size, 28))
        if not self._start(connection):
            connection.fd = -1
            refuse_connection(fd, listener)
        return 0

    def _welcome(self):
        """Connections that another engine has given to this one."""
        while self.arrivals and self._has_driver(-1):
            connection: Connection = self.arrivals.pop()
            transport.set_blocking(connection.fd, True)
            connection.change_engine(self.spare.pop(), self.service)
            if not self._start(connection):
                transport.close_socket(connection)
        return 0

    def _has_driver(self, listening: cython.int):
        """Whether there is a driver for one more connection: at rest, or made now. listening: where it may wait; -1:
        it is there.
        """
        if not self.spare:
            try:
                self.spare.append(ThreadDriver(self.service, self.timeouts, False, self))
            except OSError as error:
                if listening < 0 or transport.somebody_waits(listening):
                    self._exhausted(error.errno)
                return False
        return True

    def _start(self, connection: Connection):
        """Gives the connection its thread; False where there are no more."""
        moment: sockets.timeval
        fd: cython.int = connection.fd
        connection.since = monotonic()
        # Only sendfile can't be told not to wait: it waits a moment, and the deadline is poll()'s.
        moment.tv_sec = 0
        moment.tv_usec = 1000
        sockets.setsockopt(
            fd, sockets.SOL_SOCKET, sockets.SO_SNDTIMEO, cython.address(moment), cython.sizeof(moment)
        )
        self.open[fd] = connection
        self.started += 1
        try:
            self.threads.run(connection, f"connection-{self.started}")
        except RuntimeError as error:
            del self.open[fd]
            self.service.error_log.error(f"no thread for a connection: {error}; it is turned away")
            return False
        return True

    def _serve(self, connection: Connection) -> None:
        """A connection's thread."""
        take_floor()
        driver: ThreadDriver = connection.driver
        fd: cython.int = connection.fd
        given: cython.bint = False
        try:
            while not given and driver.serve(connection) == Outcome.AT_BOUNDARY:
                given = self._give(connection)
                driver.leave_asked = False
        except Exception as error:
            self.service.error_log.exception("internal error; one connection is closed", error)
        finally:
            if not given:
                # Forgotten before it is closed: the next accept may get the same descriptor.
                self.open.pop(fd, None)
                transport.close_socket(connection)
            driver.resting = False  # this thread ends, and a signal must not be sent to it
            if len(self.spare) < MOST_SPARE and self.life == Life.ACCEPTING:
                self.spare.append(driver)
            if self.needs_room or (self.life != Life.ACCEPTING and not self.open):
                self.interrupt()
            leave_floor()

    # ---- full ------------------------------------------------------------------------------------------------

    def _make_room(self):
        """Ends the connection that has been idle longest; False where none is."""
        oldest: Connection = None
        for item in list(self.open.values()):
            connection: Connection = item
            if connection.deadline != Deadline.IDLE_UNTIL or not connection.at_boundary():
                continue
            if oldest is None or connection.since < oldest.since:
                oldest = connection
        if oldest is None:
            return False
        # Its thread wakes with the end of input; until it has closed, it must not be chosen again.
        oldest.since = monotonic() + 1e6
        self.service.counts.evicted_connections += 1
        transport.end_reading(oldest)
        return True

    def _exhausted(self, number: cython.int):
        """No descriptor is left: an idle connection makes room, and accepting rests until it has, for a moment."""
        now: cython.double = monotonic()
        limit = os.strerror(number)
        entry: sockets.pollfd
        if len(self.spare) > 1:
            self.spare.clear()  # for ASGI each has a descriptor
            return 0
        if now - self.last_exhaustion > QUIET:
            self.service.error_log.warning(
                f"accepting is held back: {limit} with {len(self.open)} connections open;"
                " idle connections are closed to make room, others wait in the accept queue"
            )
        self.last_exhaustion = now
        self.needs_room = True
        self._make_room()
        entry.fd = self.wakeup
        entry.events = sockets.POLLIN
        sleepers.poll(cython.address(entry), 1, cython.cast(cython.int, PAUSE * 1000))
        self.needs_room = False
        return 0

    # ---- the end -----------------------------------------------------------------------------------------

    def _hand_over(self):
        """Calls the connections' threads to leave between two requests, until all have; new ones wait in the kernel."""
        pause: cython.double = NUDGED_EVERY
        self.life = Life.HANDING_OVER
        sleepers.let_sleepers_be_woken()
        while (self.open or self.arrivals) and self.drain_seconds < 0 and not self.stop_asked:
            for item in list(self.open.values()):
                connection: Connection = item
                driver: ThreadDriver = connection.driver
                driver.leave_asked = not connection.stays(self.elsewhere)
                if driver.resting and driver.leave_asked:
                    # Ends its recv(); one that is just about to begin it is met by the next call.
                    sleepers.call_out_of_wait(driver.thread)
            self._turn(pause)
            pause = min(pause * 1.5, LEAST_OFTEN)
        if not self.open and not self.arrivals:
            self.life = Life.STOPPED
        return 0

    def _give(self, connection: Connection):
        """To the successor; False where that has stopped, because the server is being stopped."""
        connection.settle()
        if connection.stays(self.elsewhere) or self.successor.life == Life.STOPPED:
            return False
        self.open.pop(connection.fd)
        self.successor.take(connection)
        return True

    def _drain(self):
        """Takes everything from the accept queues, closes the listeners, ends what is idle, waits for the rest."""
        ends: cython.double = monotonic() + max(self.drain_seconds, 0.0)
        grace: cython.double = monotonic() + min(GRACE, max(self.drain_seconds, 0.0))
        for listener in self.listeners:
            while not (self.stop_asked or self.elsewhere) and self._accept(listener):
                pass
        self.life = Life.DRAINING
        for listener in self.listeners:
            listener.close()
        self._end_idle(False)
        while (self.open or self.arrivals) and not self.stop_asked:
            now: cython.double = monotonic()
            if now >= ends:
                self.service.error_log.warning(f"drain deadline: {len(self.open)} connections are cut")
                break
            self._turn((grace if now < grace else ends) - now)
            if monotonic() >= grace:
                self._end_idle(True)
        self.cut = len(self.open) > 0
        for item in list(self.open.values()):
            transport.hang_up(item)
        for item in self.arrivals:
            transport.close_socket(item)
        self.arrivals = []
        connection: Connection = self.waiting.take()
        while connection is not None:
            self._wake(connection, Verdict.END)
            connection = self.waiting.take()
        return 0

    def _end_idle(self, fresh_too: cython.bint):
        """Ends idle connections; `fresh_too`: those as well that have not sent their first request."""
        for item in list(self.open.values()):
            connection: Connection = item
            if connection.at_boundary() and (fresh_too or connection.requests or connection.datagrams):
                transport.end_reading(connection)
        return 0
