"""When connections must be given up: one list for each kind of deadline.

All deadlines of a kind last equally long, so a list in order of their beginning is also in order of their end:
entering, leaving and finding the next are a few pointer writes, with no heap and no timer object. Every connection
of a loop stands in exactly one list, the one without a deadline included.
"""

import cython
from cython.cimports.cpython.object import PyObject
from cython.cimports.gearshift.connection import Connection, Deadline

KINDS = cython.declare(cython.int, 6)
FOREVER = cython.declare(cython.double, 1e300)


class DeadlineLists:
    """Parameters: the seconds that each kind lasts. Connections are borrowed: the loop owns them."""

    def __cinit__(
        self,
        idle: cython.double,
        head: cython.double,
        body: cython.double,
        write: cython.double,
        linger: cython.double,
    ):
        self.seconds[cython.cast(cython.int, Deadline.NO_DEADLINE)] = FOREVER
        self.seconds[cython.cast(cython.int, Deadline.IDLE_UNTIL)] = idle
        self.seconds[cython.cast(cython.int, Deadline.HEAD_BY)] = head
        self.seconds[cython.cast(cython.int, Deadline.BODY_PROGRESS_BY)] = body
        self.seconds[cython.cast(cython.int, Deadline.WRITE_PROGRESS_BY)] = write
        self.seconds[cython.cast(cython.int, Deadline.LINGER_UNTIL)] = linger

    def enter(self, connection: Connection, kind: cython.int, now: cython.double, progressed: cython.bint):
        """Starts that kind's clock; where it runs already, only progress starts it anew."""
        place: cython.pointer[PyObject] = cython.cast(cython.pointer[PyObject], connection)
        member: cython.bint = (
            connection.previous != cython.NULL
            or connection.following != cython.NULL
            or self.first[cython.cast(cython.int, connection.listed)] == place
        )
        if member:
            if cython.cast(cython.int, connection.listed) == kind and not progressed:
                return
            if self.last[kind] == place:
                connection.since = now
                return
            self.leave(connection)
        connection.listed = cython.cast(Deadline, kind)
        connection.since = now
        connection.following = cython.NULL
        connection.previous = self.last[kind]
        if self.last[kind] == cython.NULL:
            self.first[kind] = place
        else:
            cython.cast(Connection, self.last[kind]).following = place
        self.last[kind] = place
        self.size += 1

    def leave(self, connection: Connection):
        """Takes the connection out of its list, if it stands in one."""
        place: cython.pointer[PyObject] = cython.cast(cython.pointer[PyObject], connection)
        kind: cython.int = cython.cast(cython.int, connection.listed)
        if connection.previous == cython.NULL and self.first[kind] != place:
            return
        if connection.previous == cython.NULL:
            self.first[kind] = connection.following
        else:
            cython.cast(Connection, connection.previous).following = connection.following
        if connection.following == cython.NULL:
            self.last[kind] = connection.previous
        else:
            cython.cast(Connection, connection.following).previous = connection.previous
        connection.previous = cython.NULL
        connection.following = cython.NULL
        self.size -= 1

    def next_due(self):
        """When the earliest deadline passes, on the clock that enter() was given; FOREVER if none runs."""
        due: cython.double = FOREVER
        kind: cython.int
        for kind in range(1, KINDS):
            if self.first[kind] != cython.NULL:
                due = min(due, cython.cast(Connection, self.first[kind]).since + self.seconds[kind])
        return due

    def expired(self, now: cython.double):
        """A connection whose deadline has passed, taken out of its list; None when there is no more."""
        kind: cython.int
        for kind in range(1, KINDS):
            if self.first[kind] != cython.NULL:
                connection: Connection = cython.cast(Connection, self.first[kind])
                if connection.since + self.seconds[kind] <= now:
                    self.leave(connection)
                    return connection
        return None

    def oldest(self, kind: cython.int):
        """The connection that has stood longest in that list, or None."""
        if self.first[kind] == cython.NULL:
            return None
        return cython.cast(Connection, self.first[kind])

    def rests(self, connection: Connection) -> cython.bint:
        """Whether it is between two requests: idle, or with a head that has begun to come. So are those that no
        deadline ends: sockets of datagrams, connections whose streams are answered elsewhere.
        """
        if connection.listed == Deadline.NO_DEADLINE:
            return connection.conversation is not None
        return connection.listed == Deadline.IDLE_UNTIL or connection.listed == Deadline.HEAD_BY

    def resting(self):
        """The connections between two requests."""
        kind: cython.int
        place: cython.pointer[PyObject]
        found: list = []
        for kind in range(cython.cast(cython.int, Deadline.NO_DEADLINE), Deadline.HEAD_BY + 1):
            place = self.first[kind]
            while place != cython.NULL:
                connection: Connection = cython.cast(Connection, place)
                if self.rests(connection):
                    found.append(connection)
                place = connection.following
        return found

    def __iter__(self):
        """All connections, whatever their deadline."""
        kind: cython.int
        place: cython.pointer[PyObject]
        found = []
        for kind in range(KINDS):
            place = self.first[kind]
            while place != cython.NULL:
                connection: Connection = cython.cast(Connection, place)
                found.append(connection)
                place = connection.following
        return iter(found)
