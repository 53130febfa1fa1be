"""Draining: what has been received is answered, what is idle is closed, and a deadline bounds it.

A connection that was accepted but has never asked gets a moment's grace: its first request is probably on its way.
"""

import cython
from cython.cimports.gearshift.connection import Connection
from cython.cimports.gearshift.engines.accepting import Life
from cython.cimports.gearshift.engines.transport import close_socket
from cython.cimports.gearshift.kernel import system_calls as sockets

GRACE = cython.declare(cython.double, 1.0)  # seconds for a fresh connection to send its request


class DrainingLoop:
    """An accepting loop that can come to its end."""

    def __cinit__(self, workplace: object):
        self.to_look_at = []

    def _begin_drain(self):
        """Takes everything from the accept queues (or leaves it to other processes, where connections go there), closes
        the listeners, and ends what is idle.
        """
        self.life = Life.DRAINING
        self.drain_ends = self.now + self.drain_seconds
        self.grace_ends = self.now + min(GRACE, self.drain_seconds)
        self._listen(False)
        for listener in self.listeners:
            while not self.elsewhere and self._accept(listener):
                pass
        for listener in self.listeners:
            listener.close()
        self.to_look_at = list(self.deadlines)
        return 0

    def _look_at_all(self):
        """Whoever relieves a leader that is held up here (auto) goes on with the rest."""
        term: cython.long = self.term
        while self.to_look_at and self.term == term:
            connection: Connection = self.to_look_at.pop()
            if connection.fd >= 0 and (connection.requests or connection.datagrams):
                try:
                    self._look_once(connection)
                except Exception as error:
                    self.broken(connection, error)
        return 0

    def _look_once(self, connection: Connection):
        """Draining: what has been received is served, and a connection that has nothing is closed."""
        return self.ready(connection, sockets.EPOLLIN)

    def _check_drain(self):
        if self.life == Life.STOPPED:
            return 0
        if self.life != Life.DRAINING and not self.stop_asked and self.begun:
            self._begin_drain()
        if self.to_look_at:
            term: cython.long = self.term
            self._look_at_all()
            if self.term != term:
                return 0
        if self.stop_asked or not self.begun or self.now >= self.drain_ends:
            if self.connections and not self.stop_asked:
                self.service.error_log.warning(f"drain deadline: {self.connections} connections are cut")
            self.release()
        elif self.now >= self.grace_ends:
            for item in list(self.deadlines):
                connection: Connection = item
                if connection.at_boundary():
                    connection.lose()
                    self.close(connection)
        if self.connections == 0 and not self.arrivals:
            self.life = Life.STOPPED
        return 0

    def release(self):
        """Closes every connection and every listener, whatever state they are in."""
        self.cut = self.connections > 0
        while self.waiting.take() is not None:
            pass  # they stand among the deadlines too
        for item in list(self.deadlines):
            connection: Connection = item
            connection.lose()
            self.close(connection)
        for listener in self.listeners:
            listener.close()
        self.life = Life.STOPPED
        # From here on nobody gives this engine a connection.
        for item in self.arrivals:
            close_socket(item)
        self.arrivals = []
        return 0

    # ---- what the loop adds --------------------------------------------------------------------------------

    def ready(self, connection: Connection, events: cython.uint):
        """The kernel says that something can be done on this socket."""
        raise NotImplementedError

    def broken(self, connection: Connection, error: object):
        """A step of this connection raised."""
        raise NotImplementedError
