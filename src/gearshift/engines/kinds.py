"""What the auto engine has learnt: how long requests of a kind take, and so who should run them.

Kinds are told apart as in request_kinds.py. The table is of a fixed size and each kind has one place in it; where two
meet, the newcomer waits until the other's place is worth less, so strangers who invent paths can neither fill memory
nor drive out what is used.
"""

import cython
from cython.cimports.gearshift.engines.kinds import Kind
from cython.cimports.gearshift.floor import IS_NEEDED, leave_floor, take_floor
from cython.cimports.gearshift.http.request import Request
from cython.cimports.gearshift.request_kinds import key_of
from cython.cimports.libc.string import memset

from gearshift.request_kinds import name_of

PLACES = cython.declare(cython.int, 1024)
# Seconds, on average, from which on a kind is worth another thread, and below which it runs inline again. Without the
# interpreter lock that thread computes beside this one.
SLOW = 0.0001 if IS_NEEDED else 0.0005
QUICK = cython.declare(cython.double, 0.00004 if IS_NEEDED else 0.0002)
SURPRISE = cython.declare(cython.double, 0.05)  # seconds that a kind which has held up everybody is taken for
FADES = cython.declare(cython.double, 0.125)  # share of the newest run in the average


class Kinds:
    """The table; every kind begins as quick, because most are and the watch sees to the others."""

    def __cinit__(self):
        memset(cython.address(self.places[0]), 0, cython.sizeof(Kind) * PLACES)
        self.names = [None] * PLACES

    def find(self, request: Request):
        """The place of the request's kind, made when it is first met."""
        key: cython.ulonglong = key_of(request)
        place: cython.int = cython.cast(cython.int, key % PLACES)
        kind: cython.pointer[Kind] = cython.address(self.places[place])
        if kind.key == key:
            return place
        if kind.key != 0 and kind.runs > 1:
            kind.runs >>= 1
            return place  # until the place is worth nothing, the newcomer is taken for what stands there
        kind.key = key
        kind.runs = 0
        kind.seconds = 0
        kind.processor_seconds = 0
        kind.handed_on = False
        self.names[place] = name_of(request)
        return place

    def at(self, place: cython.int):
        return cython.address(self.places[place])

    def ran(self, place: cython.int, seconds: cython.double) -> cython.void:
        """One of those that run inline took so many seconds, of which the processor's share is not known."""
        kind: cython.pointer[Kind] = cython.address(self.places[place])
        kind.seconds += (seconds - kind.seconds) * FADES
        if kind.seconds > SLOW:
            kind.handed_on = True

    def surprised(self, place: cython.int) -> cython.void:
        """One of them has held up the polling: the next ones are handed on, for a good while."""
        kind: cython.pointer[Kind] = cython.address(self.places[place])
        kind.seconds = max(kind.seconds, SURPRISE)
        kind.handed_on = True

    def measured(
        self, place: cython.int, seconds: cython.double, processor_seconds: cython.double
    ) -> cython.void:
        """Run by a thread of its own."""
        kind: cython.pointer[Kind] = cython.address(self.places[place])
        kind.runs += 1
        kind.seconds += (seconds - kind.seconds) * FADES
        if kind.processor_seconds == 0:
            kind.processor_seconds = processor_seconds
        else:
            kind.processor_seconds += (processor_seconds - kind.processor_seconds) * FADES
        if kind.seconds > SLOW:
            kind.handed_on = True
        elif kind.seconds < QUICK:
            kind.handed_on = False

    def report(self) -> list:
        """What was learnt, busiest first: (kind, runs, seconds on average, share of waiting or None, handed on)."""
        found = []
        place: cython.int
        take_floor()
        for place in range(PLACES):
            kind: cython.pointer[Kind] = cython.address(self.places[place])
            if kind.key == 0 or kind.runs == 0:
                continue
            waiting = None
            if kind.processor_seconds > 0 and kind.seconds > 0:
                waiting = min(max(1 - kind.processor_seconds / kind.seconds, 0.0), 1.0)
            found.append((self.names[place], kind.runs, kind.seconds, waiting, bool(kind.handed_on)))
        leave_floor()
        found.sort(key=lambda entry: -entry[1])
        return found
