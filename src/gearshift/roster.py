"""Every open connection of a server, whichever engine has it: so that somebody can look at them all.

The engines do not use it. Entering and leaving cost a set's addition and removal for each connection.
"""

import cython
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.floor import leave_floor, take_floor


class Roster:
    """One for all engines of a server. From any thread."""

    def __cinit__(self):
        self._open = set()

    def enter(self, connection: Channel):
        """Returns the connection's number: the first has 1."""
        take_floor()
        try:
            self.last_number += 1
            self._open.add(connection)
            return self.last_number
        finally:
            leave_floor()

    def leave(self, connection: Channel):
        take_floor()
        self._open.discard(connection)
        leave_floor()
        return 0

    def all(self) -> list:
        """Those that are open at this moment."""
        take_floor()
        found = list(self._open)
        leave_floor()
        return found

    def in_hand(self) -> list:
        """Those of which a request runs: a quick look, whatever the number of the others."""
        found = []
        take_floor()
        for item in self._open:
            if cython.cast(Channel, item).in_hand:
                found.append(item)
        leave_floor()
        return found

    def __len__(self) -> int:
        return len(self._open)
