"""Every open connection of a server, whichever engine has it: so that somebody can look at them all.

The engines do not use it. Entering and leaving cost a set's addition and removal for each connection.
"""

import cython
from cython.cimports.gearshift.channel import Channel


class Roster:
    """One for all engines of a server. From any thread: a set is consistent under the interpreter lock."""

    def __cinit__(self):
        self._open = set()

    def enter(self, connection: Channel):
        """Returns the connection's number: the first has 1."""
        self.last_number += 1
        self._open.add(connection)
        return self.last_number

    def leave(self, connection: Channel):
        self._open.discard(connection)
        return 0

    def all(self) -> list:
        """Those that are open at this moment."""
        return list(self._open)

    def in_hand(self) -> list:
        """Those of which a request runs: a quick look, whatever the number of the others."""
        found = []
        for item in self._open:
            if cython.cast(Channel, item).in_hand:
                found.append(item)
        return found

    def __len__(self) -> int:
        return len(self._open)
