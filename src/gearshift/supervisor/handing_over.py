"""Connections on their way from one worker to another: idle ones, or with a piece of the next request's head.

All workers of a supervisor, and of the program that takes its place, share one queue: a pair of sockets, into one end
of which a worker that leaves puts its connections, and from whose other end those that stay take them. It is to open
connections what the accept queue is to new ones: the kernel holds what nobody has taken yet, whoever ends meanwhile.
"""

from __future__ import annotations

import errno
import os
import select
import socket
from collections import deque
from threading import Thread
from time import sleep

from gearshift.channel import Driver
from gearshift.engines.accepting import Life
from gearshift.engines.transfer import let_go, packed, unpacked
from gearshift.supervisor.transit import LARGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.connection import Connection
    from gearshift.gearbox import Gearbox
    from gearshift.listeners import Listener
    from gearshift.observe.error_log import ErrorLog

PAUSE = 0.001  # seconds until the next try where the kernel has too many descriptors on their way (unix(7))
LATER = (errno.ETOOMANYREFS, errno.ENOBUFS, errno.ENOMEM)
LAST_MOMENT = 5.0  # seconds for what has not been taken when the worker ends
DEFERENCE = 0.00002  # seconds for each open connection, that workers with fewer may come first
MOST_DEFERENCE = 0.002
CROWD = 64  # connections; for each so many it takes one more at a time
WITHOUT_ROOM = 0.05  # seconds until another worker's turn, where this one has no descriptor left


class Emigration:
    """The successor of a retiring worker's engines: another process. What is given to it is sent off by a thread.

    open: whether it takes connections at all; else they end here, and only accepting is left to others.
    """

    elsewhere = True
    connections = 0

    def __init__(self, queue: socket.socket, error_log: ErrorLog, *, open: bool = True) -> None:
        self.life = Life.HANDING_OVER if open else Life.STOPPED
        self.sent = 0
        self._queue = queue
        self._error_log = error_log
        self._leaving: deque[Connection | None] = deque()
        self._news = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = Thread(target=self._run, name="handing-over", daemon=True)
        self._thread.start()

    def take(self, connection: Connection) -> None:
        """From an engine's thread."""
        self._leaving.append(connection)
        os.eventfd_write(self._news, 1)

    def close(self) -> None:
        """Takes nothing more. Engines look at this before they give a connection away."""
        self.life = Life.STOPPED

    def finish(self) -> None:
        """Returns when all have been sent, or can't be."""
        self._leaving.append(None)
        os.eventfd_write(self._news, 1)
        self._thread.join(LAST_MOMENT)

    def _run(self) -> None:
        while True:
            os.eventfd_read(self._news)
            while self._leaving:
                connection = self._leaving.popleft()
                if connection is None:
                    return
                self._send(connection)

    def _send(self, connection: Connection) -> None:
        try:
            message = packed(connection)
            while not self._sent(message, connection.fd):
                sleep(PAUSE)
            self.sent += 1
        except (OSError, ValueError) as error:
            self._error_log.error(f"a connection could not be handed over, and is closed: {error}")
        finally:
            let_go(connection)

    def _sent(self, message: bytes, fd: int) -> bool:
        try:
            socket.send_fds(self._queue, [message], [fd])
        except BlockingIOError:
            poller = select.poll()
            poller.register(self._queue, select.POLLOUT)
            poller.poll(1000)
            return False
        except OSError as error:
            if error.errno not in LATER:
                raise
            return False
        return True


class Reception:
    """Takes connections from the queue, and gives them to the engine that is in gear; a thread, until stop()."""

    def __init__(
        self, queue: socket.socket, gearbox: Gearbox, listeners: Sequence[Listener], error_log: ErrorLog
    ) -> None:
        self._queue = queue
        self._gearbox = gearbox
        self._listeners = list(listeners)
        self._error_log = error_log
        self._driver = Driver()
        self._stop = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = Thread(target=self._run, name="reception", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Takes nothing more; returns when what it has taken is with the engine. May be called again."""
        os.eventfd_write(self._stop, 1)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        poller = select.poll()
        poller.register(self._queue, select.POLLIN)
        poller.register(self._stop, select.POLLIN)
        while True:
            if any(descriptor == self._stop for descriptor, _ in poller.poll()):
                return
            # Whoever has few connections comes first; who has many takes several at a time: none waits for long.
            connections = self._gearbox.gear.engine.connections
            sleep(min(connections * DEFERENCE, MOST_DEFERENCE))
            for _ in range(1 + connections // CROWD):
                if not self._has_room():
                    sleep(WITHOUT_ROOM)
                    break
                if not self._take_one():
                    break

    def _has_room(self) -> bool:
        """Whether there is a descriptor for it: where there is none, the kernel would close the connection."""
        try:
            os.close(os.dup(self._queue.fileno()))
        except OSError:
            return False
        return True

    def _take_one(self) -> bool:
        """Whether there was one, for this worker."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._queue, LARGEST, 1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False  # another worker was quicker
        except OSError as error:
            self._error_log.error(f"a connection that was handed over can't be received: {error.strerror}")
            sleep(WITHOUT_ROOM)
            return False
        if not descriptors:
            return False
        os.set_inheritable(descriptors[0], False)
        try:
            self._gearbox.receive(self._connection(message, descriptors[0]))
        except Exception as error:
            self._error_log.exception("a connection that was handed over is closed", error)
            os.close(descriptors[0])
        return True

    def _connection(self, message: bytes, fd: int) -> Connection:
        service = self._gearbox.gear.engine.service
        return unpacked(message, fd, service, self._driver, self._listeners)
