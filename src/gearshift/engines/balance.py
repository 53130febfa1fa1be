"""How many connections each worker has, in memory that all of them share: so that one that is ahead lets the others
come first to the accept queue. It would otherwise take all of a burst before they are awake.
"""

import os

import cython
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import errno

ABSENT = cython.declare(cython.long, -1)
HEAD_START = cython.declare(cython.long, 4)  # connections that one may always be ahead
SHARE = cython.declare(cython.long, 8)  # and this part of what the other has


class Balance:
    """Made before the workers are forked. places: how many there may be. Raises OSError."""

    def __cinit__(self, places: cython.int):
        place: cython.int
        self.places = places
        self.place = -1
        memory: cython.p_void = sockets.mmap(
            cython.NULL,
            places * cython.sizeof(cython.long),
            sockets.PROT_READ | sockets.PROT_WRITE,
            sockets.MAP_SHARED | sockets.MAP_ANONYMOUS,
            -1,
            0,
        )
        if memory == sockets.MAP_FAILED:
            raise OSError(errno, os.strerror(errno))
        self.counts = cython.cast(cython.pointer[cython.long], memory)
        for place in range(places):
            self.counts[place] = ABSENT

    def __dealloc__(self):
        if self.counts != cython.NULL:
            sockets.munmap(self.counts, self.places * cython.sizeof(cython.long))

    def take_place(self, place: int) -> None:
        """In a worker: which count is its own."""
        self.place = place % self.places

    def leave(self, place: int) -> None:
        """Nobody serves in that place."""
        self.counts[cython.cast(cython.int, place % self.places)] = ABSENT

    def note(self, connections: cython.long) -> cython.void:
        """What this worker has now."""
        if self.place >= 0:
            self.counts[self.place] = connections

    def leads(self, connections: cython.long) -> cython.bint:
        """Whether this worker has so many more than another that it had better let that come first."""
        place: cython.int
        other: cython.long
        for place in range(self.places):
            other = self.counts[place]
            if place != self.place and other != ABSENT and connections > other + other // SHARE + HEAD_START:
                return True
        return False
