"""Durations counted in log-linear slots (an HDR histogram): each is kept to three significant digits, from a
nanosecond to two hours, in memory that never grows.

A value below 2048 has a slot of its own. Above, each octave is cut into 1024 equal slots, so a value is known to
one part in 1024 however large it is; noting one takes a few instructions, and adding two histograms loses nothing.
"""

import cython
from cython.cimports.gearshift.load.histogram import SLOTS, leading_zeros
from cython.cimports.libc.math import ceil
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.string import memset

LINEAR = cython.declare(uint64_t, 2048)
PER_OCTAVE = cython.declare(cython.int, 1024)
# A percentage like 99.9 is a little more than it says: 999 of 1000 must not become all of them.
EXACTLY = cython.declare(cython.double, 1 - 1e-12)
_NANO = cython.declare(cython.double, 1e-9)


class Histogram:
    """A histogram of durations. count: how many have been noted. total: their sum in nanoseconds."""

    def add(self, seconds: cython.double) -> None:
        """Notes one duration; below 0 counts as 0."""
        self.note(cython.cast(uint64_t, seconds * 1e9 + 0.5) if seconds > 0 else 0)

    def merge(self, other: Histogram) -> None:
        """Adds all that the other has noted."""
        index: cython.int
        if other.count == 0:
            return
        for index in range(SLOTS):
            self.slots[index] += other.slots[index]
        self.least = min(self.least, other.least) if self.count else other.least
        self.most = max(self.most, other.most)
        self.count += other.count
        self.total += other.total

    def percentile(self, percent: cython.double) -> float:
        """The seconds that `percent` of the durations (0 to 100) do not exceed, to one part in 1024; 0.0 where
        none has been noted. That of 100 is exact.
        """
        rank: cython.double = ceil(percent * self.count / 100 * EXACTLY)
        if self.count == 0:
            return 0.0
        return self._at_rank(cython.cast(uint64_t, max(rank, 1.0))) * _NANO

    @property
    def least_seconds(self) -> float:
        """The shortest, exact."""
        return self.least * _NANO

    @property
    def most_seconds(self) -> float:
        """The longest, exact."""
        return self.most * _NANO

    @property
    def mean_seconds(self) -> float:
        """The arithmetic mean, exact; 0.0 where none has been noted."""
        return self.total / self.count * _NANO if self.count else 0.0

    def distribution(self) -> list:
        """Pairs (seconds, share from 0 to 1 that does not exceed them), one for each slot that is not empty."""
        index: cython.int
        seen: uint64_t = 0
        every: cython.double = self.count
        found: list = []
        for index in range(SLOTS):
            if self.slots[index]:
                seen += self.slots[index]
                found.append((min(_highest_in(index), self.most) * _NANO, seen / every))
        return found

    def note(self, nanoseconds: uint64_t):
        if self.count == 0 or nanoseconds < self.least:
            self.least = nanoseconds
        if nanoseconds > self.most:
            self.most = nanoseconds
        self.count += 1
        self.total += nanoseconds
        self.slots[_slot(nanoseconds)] += 1

    def forget(self):
        self.count = self.least = self.most = 0
        self.total = 0
        memset(self.slots, 0, cython.sizeof(self.slots))

    def _at_rank(self, rank: uint64_t):
        index: cython.int
        seen: uint64_t = 0
        if rank >= self.count:
            return self.most
        for index in range(SLOTS):
            seen += self.slots[index]
            if seen >= rank:
                return min(_highest_in(index), self.most)
        return self.most


def _slot(nanoseconds):
    octave: cython.int = 53 - leading_zeros(nanoseconds | LINEAR >> 1)
    slot: cython.int = octave * PER_OCTAVE + cython.cast(cython.int, nanoseconds >> octave)
    return min(slot, SLOTS - 1)


def _highest_in(slot):
    octave: cython.int = slot // PER_OCTAVE - 1
    if octave <= 0:
        return slot
    return ((cython.cast(uint64_t, slot - octave * PER_OCTAVE) + 1) << octave) - 1
