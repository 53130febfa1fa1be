"""Accepting: one epoll instance with the listeners on it, and what happens when there is no room for one more.

A connection that can't be accepted for want of a descriptor waits in the accept queue; idle ones make room for it,
and where none is idle, accepting rests for a moment instead of spinning.
"""

import os
from collections import deque

import cython
from cython.cimports.cpython.object import PyObject
from cython.cimports.cpython.pythread import PyThread_get_thread_ident
from cython.cimports.cpython.ref import Py_DECREF, Py_INCREF
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.connection import Connection, Deadline
from cython.cimports.gearshift.engines.accepting import Life, Tag
from cython.cimports.gearshift.engines.transport import close_socket, set_blocking, somebody_waits
from cython.cimports.gearshift.engines.waiting import WaitingRequests
from cython.cimports.gearshift.floor import leave_floor, take_floor
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import ECONNABORTED, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, errno
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.string import memcpy

from gearshift.engines.refusal import refuse_connection

MOST_ACCEPTED = cython.declare(cython.int, 64)  # in one turn, so that accepting can't starve serving
MOST_AT_ONCE = cython.declare(cython.int, 4)  # of a queue that others accept from too
MOST_DOUBLED = cython.declare(cython.int, 6)
DEFERENCE = cython.declare(
    cython.double, 0.001
)  # seconds in which processes with fewer connections may come first
PAUSE = cython.declare(cython.double, 0.1)  # seconds until the next try after running out of descriptors
QUIET = cython.declare(cython.double, 10.0)  # seconds in which a second exhaustion is the same burst


class AcceptingLoop:
    """One epoll instance and the listeners on it. Parameters: see Workplace in engines/__init__.py."""

    def __cinit__(self, workplace: object):
        event: sockets.epoll_event
        self.service = workplace.service
        self.local = self.service.application.local(False)
        self.listeners = list(workplace.listeners)
        self.timeouts = workplace.timeouts
        self.most_connections = workplace.max_connections
        self.deadlines = workplace.timeouts.lists()
        self.waiting = WaitingRequests(self.service, workplace.max_waiting, workplace.queue_delay)
        self.most_requests = workplace.max_requests
        self.balance = workplace.balance
        self.life = Life.ACCEPTING
        self.drain_seconds = -1
        self.woken = deque()
        self.closed = []
        self.arrivals = []
        self.foreign = []
        self.epoll = sockets.epoll_create1(sockets.EPOLL_CLOEXEC)
        self.wakeup = sockets.eventfd(0, sockets.EFD_NONBLOCK | sockets.EFD_CLOEXEC)
        if self.epoll < 0 or self.wakeup < 0:
            raise OSError(errno, os.strerror(errno))
        event.events = sockets.EPOLLIN
        event.data.u64 = Tag.WAKEUP
        sockets.epoll_ctl(self.epoll, sockets.EPOLL_CTL_ADD, self.wakeup, cython.address(event))

    def __dealloc__(self):  # close_descriptors() may be a subclass's, whose part of the object is gone by now
        if self.epoll > 0:
            sockets.close(self.epoll)
        if self.wakeup > 0:
            sockets.close(self.wakeup)

    def close_descriptors(self) -> None:
        """The last verb: after it the engine can't be asked for anything. May be called again."""
        take_floor()  # whoever interrupts must not write to what another opens next
        if self.epoll > 0:
            sockets.close(self.epoll)
        if self.wakeup > 0:
            sockets.close(self.wakeup)
        self.epoll = self.wakeup = -1
        leave_floor()

    # ---- verbs for the outside, from any thread ----------------------------------------------------------

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
        """Makes a waiting turn begin at once."""
        one: uint64_t = 1
        take_floor()
        sockets.write(self.wakeup, cython.address(one), 8)
        leave_floor()

    def begin(self) -> None:
        """Starts accepting; before this, connections wait in the accept queue. May be called again."""
        take_floor()
        try:
            if self.life == Life.ACCEPTING and not self.begun:
                self.begun = True
                self.calls = getattr(self.service.application, "calls", None)  # since it has its loop
                self._listen(True)
        finally:
            leave_floor()

    def hand_over(self, successor: object) -> None:
        """Stop accepting, and give each connection to that engine between two of its requests; the engine has
        stopped when the last one has left or ended.
        """
        take_floor()
        self.elsewhere = getattr(successor, "elsewhere", False)
        self.successor = successor
        leave_floor()
        self.interrupt()

    def take(self, connection: Connection) -> None:
        """A connection that another engine gives away; it is settled, and nobody else drives it."""
        take_floor()
        self.arrivals.append(connection)
        leave_floor()
        self.interrupt()

    # ---- accepting -----------------------------------------------------------------------------------------

    def _listen(self, on: cython.bint):
        """Watches the listeners, or stops watching them."""
        event: sockets.epoll_event
        tag: cython.ulonglong = 0
        self.resume_accepting = 0
        for listener in self.listeners:
            tag += 1  # Tag.WAKEUP is 0
            event.events = sockets.EPOLLIN
            event.data.u64 = tag
            sockets.epoll_ctl(
                self.epoll,
                sockets.EPOLL_CTL_ADD if on else sockets.EPOLL_CTL_DEL,
                listener.fd,
                cython.address(event),
            )
        return 0

    def _accept(self, listener: object):
        """Takes what waits in the accept queue. Returns how many were taken."""
        address: sockets.sockaddr_storage
        size: sockets.socklen_t
        fd: cython.int
        listening: cython.int = listener.fd
        taken: cython.int = 0
        number: cython.int
        most: cython.int = MOST_ACCEPTED
        if self.balance is not None and self.life == Life.ACCEPTING:
            most = self._fair_share()
        while taken < most:
            size = cython.sizeof(sockets.sockaddr_storage)
            fd = sockets.accept4(
                listening,
                cython.cast(cython.pointer[sockets.sockaddr], cython.address(address)),
                cython.address(size),
                sockets.SOCK_NONBLOCK | sockets.SOCK_CLOEXEC,
            )
            if fd >= 0:
                taken += 1
                self.service.counts.accepted += 1
                if self.connections >= self.most_connections and not self._make_room():
                    self.service.counts.refused_connections += 1
                    refuse_connection(fd, listener)
                    continue
                self.adopt(fd, listener, cython.address(address), size)
            elif errno in (EMFILE, ENFILE, ENOBUFS, ENOMEM):
                number = errno
                if not somebody_waits(listening) or not self._exhausted(number):
                    break
            elif errno != EINTR and errno != ECONNABORTED and errno != EPERM:
                break
        return taken

    def _fair_share(self):
        """How many connections may be taken now, where others accept from the same queue. Those with fewer come first,
        for a moment; of what they leave there more is taken each time.
        """
        share: cython.int = MOST_AT_ONCE
        if not self.balance.leads(self.connections):
            self.deferred = 0
        elif self.rested:
            share = 1 << self.deferred
            self.deferred = min(self.deferred + 1, MOST_DOUBLED)
        else:
            self._listen(False)
            self.resume_accepting = self.now + DEFERENCE
            share = 0
        self.rested = share == 0
        return share

    def adopt(
        self,
        fd: cython.int,
        listener: object,
        address: cython.p_void,
        size: cython.uint,
    ):
        """A freshly accepted socket becomes a connection of this loop."""
        connection: Connection = Connection(fd, self.service, self, listener)
        if size >= 2:
            connection.family = cython.cast(cython.pointer[sockets.sockaddr_storage], address).ss_family
            memcpy(connection.peer, address, min(size, 28))
        return self._hold(connection)

    def _hold(self, connection: Connection):
        """This loop watches the connection's socket and its deadlines from now on."""
        connection.interest = sockets.EPOLLIN | self.arm
        if not self._register(connection):
            # ENOSPC (fs.epoll.max_user_watches) or ENOMEM.
            self.service.error_log.error(f"a connection can't be watched and is closed: {os.strerror(errno)}")
            return close_socket(connection)
        Py_INCREF(connection)  # the loop holds this reference; close() gives it back
        self.connections += 1
        self.deadlines.enter(connection, cython.cast(cython.int, connection.deadline), self.now, True)
        if connection.conversation is not None or connection.protocol.buffered() > 0:
            # Its handler may speak first, or have spoken between two engines; a piece of a head has its own deadline.
            self.wake(connection)
        return 0

    def wake(self, channel: Channel):
        """Drives the connection again soon. From this loop's own thread."""
        connection: Connection = channel
        if not connection.queued and connection.fd >= 0:
            connection.queued = True
            self.woken.append(connection)
        return 0

    def nudge(self, channel: Channel):  # whoever calls has the floor
        self.wake(channel)
        if PyThread_get_thread_ident() != self.thread:
            self.interrupt()
        return 0

    # ---- from one engine to another --------------------------------------------------------------------------

    def _welcome(self):
        """Connections that another engine has given to this one."""
        arrivals: list = self.arrivals
        self.arrivals = []
        for item in arrivals:
            connection: Connection = item
            set_blocking(connection.fd, False)
            connection.change_engine(self, self.service)
            self._hold(connection)
        return 0

    def _hand_over(self):
        """Gives the successor what rests between two requests; what is being answered follows later."""
        if self.life == Life.ACCEPTING:
            self.life = Life.HANDING_OVER
            if self.begun:
                self._listen(False)
        if self.life != Life.HANDING_OVER:
            return 0
        for item in self.deadlines.resting():
            self._give_away(item)
        if (
            self.successor.life != Life.STOPPED
            and self.connections == 0
            and self._is_empty()
            and not self.arrivals
        ):
            self.life = Life.STOPPED
        return 0

    def _give_away(self, connection: Connection) -> cython.bint:
        """To the successor, if it rests and may leave. Where that has stopped, the server is being stopped in this
        very moment, and this engine is about to hear of it.
        """
        if (
            self.successor.life == Life.STOPPED
            or not self.deadlines.rests(connection)
            or connection.stays(self.elsewhere)
            or not connection.may_leave()
            or not self._let_leave(connection)
        ):
            return False
        self.deadlines.leave(connection)
        self.connections -= 1
        connection.lent = True  # so that nobody here drives it any more
        self.successor.take(connection)
        Py_DECREF(connection)
        return True

    def _is_empty(self):
        """Whether nothing more can come of what was under way when accepting ended."""
        return True

    def _let_leave(self, connection: Connection):
        """Stops watching the socket; False where that is not done yet."""
        self._unregister(connection)
        return True

    def _register(self, connection: Connection):
        """Has epoll report what happens on the connection's socket."""
        event: sockets.epoll_event
        event.events = connection.interest
        event.data.ptr = cython.cast(cython.p_void, cython.cast(cython.pointer[PyObject], connection))
        return sockets.epoll_ctl(self.epoll, sockets.EPOLL_CTL_ADD, connection.fd, cython.address(event)) == 0

    def _unregister(self, connection: Connection):
        """Nothing more is to be reported. (A forked child may hold the descriptor: closing would not be enough.)"""
        event: sockets.epoll_event
        sockets.epoll_ctl(self.epoll, sockets.EPOLL_CTL_DEL, connection.fd, cython.address(event))
        return 0

    def watch(self, connection: Connection, interest: cython.uint):
        """Changes what epoll reports of the connection."""
        if interest == connection.interest:
            return 0
        connection.interest = interest
        return self.rearm(connection)

    def rearm(self, connection: Connection):
        """Has epoll look at the socket anew."""
        event: sockets.epoll_event
        event.events = connection.interest
        event.data.ptr = cython.cast(cython.p_void, cython.cast(cython.pointer[PyObject], connection))
        return sockets.epoll_ctl(self.epoll, sockets.EPOLL_CTL_MOD, connection.fd, cython.address(event))

    def _make_room(self):
        """Closes the connection that has been idle longest; False where none is."""
        connection: Connection = self.deadlines.oldest(Deadline.IDLE_UNTIL)
        if connection is None or not connection.at_boundary():
            return False
        self.service.counts.evicted_connections += 1
        connection.lose()
        self.close(connection)
        return True

    def _exhausted(self, number: cython.int):
        """No descriptor is left: an idle connection makes room, else accepting rests. True: try again now."""
        limit = os.strerror(number)
        if self.now - self.last_exhaustion > QUIET:
            self.service.error_log.warning(
                f"accepting is held back: {limit} with {self.connections} connections open;"
                " idle connections are closed to make room, others wait in the accept queue"
            )
        self.last_exhaustion = self.now
        if self._make_room():
            return True
        if not self.resume_accepting:
            self._listen(False)
            self.resume_accepting = self.now + PAUSE
        return False

    # ---- what the loop adds --------------------------------------------------------------------------------

    def close(self, connection: Connection):
        """Closes the socket and forgets the connection."""
        raise NotImplementedError
