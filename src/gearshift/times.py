"""Where the time of requests goes: for each kind of request how long it waited, ran, and was held up by its reader.

Written by plain additions, with the floor (floor.py), a few dozen nanoseconds a request. The table has a fixed size:
kinds past it are counted together, and so are those that do not exist (404), which strangers can invent.
"""

import cython
from cython.cimports.gearshift.floor import leave_floor, take_floor
from cython.cimports.gearshift.http.request import Request
from cython.cimports.gearshift.request_kinds import key_of
from cython.cimports.gearshift.times import Place, Spread
from cython.cimports.libc.math import pow
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.libc.string import memcpy

from gearshift.request_kinds import name_of

PLACES = cython.declare(cython.int, 512)
TRIED = cython.declare(cython.int, 8)  # places that a kind may have
REST = cython.declare(cython.int, PLACES)  # the place of those that found none
UNKNOWN = cython.declare(cython.int, PLACES + 1)  # of those that were answered 404
BUCKETS = cython.declare(cython.int, 56)
EXPONENT_OF_ONE = cython.declare(cython.int, 1023)
FRACTION = cython.declare(cython.ulonglong, (1 << 52) - 1)
HALF_OCTAVE = cython.declare(cython.ulonglong, 0x6A09E667F3BCD)  # the fraction of the square root of two
MEASURED_MASK = cython.declare(
    cython.ulong, 63
)  # of quick requests one in 64 has its processor time measured
SLOW = cython.declare(
    cython.double, 0.001
)  # seconds on average from which all of a kind have: a clock costs 0.2 us
LEAST = cython.declare(cython.double, 0.001)  # seconds below which no request is called slow
KEPT = cython.declare(cython.Py_ssize_t, 64)
FORGOTTEN_AFTER = cython.declare(cython.double, 600.0)  # seconds


class Times:
    """One set for all engines of a server."""

    def __cinit__(self):
        self.places = cython.cast(cython.pointer[Place], calloc(PLACES + 2, cython.sizeof(Place)))
        if self.places == cython.NULL:
            raise MemoryError
        self.names = [None] * PLACES
        self.slowest = []
        self.floor = LEAST
        self.accept_wait = -1

    def __dealloc__(self):
        free(self.places)

    # ---- what an exchange tells ------------------------------------------------------------------------------

    def wants_processor(self, request: Request) -> cython.bint:
        """Whether this one's time on the processor is to be measured, which is a system call before and after."""
        handler: cython.pointer[Spread]
        self.runs += 1
        if self.runs & MEASURED_MASK == 0:
            return True
        handler = cython.address(self.places[self._find(key_of(request))].handler)
        return handler.count > 0 and handler.total > SLOW * handler.count

    def took(
        self,
        request: Request,
        status: cython.int,
        queue: cython.double,
        handler: cython.double,
        write_blocked: cython.double,
        processor: cython.double,
    ):
        """A request is over; durations in seconds, `processor` below 0 where it was not measured. Returns its place."""
        key: cython.ulonglong
        place: cython.pointer[Place]
        index: cython.int = UNKNOWN
        if status != 404:
            key = key_of(request)
            index = self._find(key)
            if index < PLACES and self.places[index].key == 0:
                self.names[index] = name_of(request)
                self.places[index].key = key
        place = cython.address(self.places[index])
        _add(cython.address(place.queue), queue)
        _add(cython.address(place.handler), handler)
        if write_blocked > 0:
            _add(cython.address(place.write_blocked), write_blocked)
        if processor >= 0:
            place.sampled_handler += handler
            place.sampled_processor += min(processor, handler)
        return index

    def wrote(self, place: cython.int, seconds: cython.double):
        """The peer has taken what was left of an answer whose request was over already."""
        _add(cython.address(self.places[place].write_blocked), seconds)
        return 0

    def keep(self, record: object):
        """A request that took longer than `floor`: a dict, as times.slowest[] of status has them."""
        self.slowest.append(record)
        if len(self.slowest) >= 2 * KEPT:
            self._forget(record["at"])
        return 0

    def _forget(self, now: float):
        """Leaves the slowest of the last minutes; what is quicker than all of them need not be told any more."""
        recent = [record for record in self.slowest if now - record["at"] < FORGOTTEN_AFTER]
        recent.sort(key=_total, reverse=True)
        self.slowest = recent[:KEPT]
        self.floor = max(LEAST, self.slowest[KEPT - 1]["total"]) if len(self.slowest) == KEPT else LEAST

    def _find(self, key: cython.ulonglong) -> cython.int:
        """The place of a kind, or a free one that it may have, or that of the rest."""
        tried: cython.int
        index: cython.int
        for tried in range(TRIED):
            index = cython.cast(cython.int, (key + tried) % PLACES)
            if self.places[index].key == key or self.places[index].key == 0:
                return index
        return REST

    # ---- what is told of it ----------------------------------------------------------------------------------

    def slowest_since(self, now: float) -> list:
        """The slowest requests of the last ten minutes before that time of day, slowest first."""
        take_floor()
        self._forget(now)
        found = list(self.slowest)
        leave_floor()
        return found

    def kinds(self) -> list:
        """All kinds, those first that took most time in all."""
        index: cython.int
        found = []
        take_floor()
        for index in range(PLACES):
            if self.names[index] is not None:
                found.append(self._told(cython.address(self.places[index]), self.names[index]))
        for index, name in ((REST, "other"), (UNKNOWN, "not found (404)")):
            if self.places[index].handler.count > 0:
                found.append(self._told(cython.address(self.places[index]), name))
        leave_floor()
        found.sort(key=lambda kind: -kind["handler"]["total_seconds"])
        return found

    def _told(self, place: cython.pointer[Place], name: object):
        share = None
        if place.sampled_handler > 0:
            share = place.sampled_processor / place.sampled_handler
        return {
            "kind": name,
            "count": place.handler.count,
            "queue": _summary(cython.address(place.queue)),
            "handler": _summary(cython.address(place.handler)),
            "write_blocked": _summary(cython.address(place.write_blocked)),
            "cpu_share": share,
            "buckets": _buckets(cython.address(place.handler)),
        }


def _total(record: dict) -> float:
    return record["total"]


def _add(spread: cython.pointer[Spread], seconds: cython.double) -> cython.void:
    microseconds: cython.double
    bits: cython.ulonglong
    bucket: cython.int = 0
    if seconds < 0:
        seconds = 0
    spread.count += 1
    spread.total += seconds
    if seconds > spread.longest:
        spread.longest = seconds
    microseconds = seconds * 1e6
    if microseconds >= 1:
        # Read off the number itself (IEEE 754: an exponent of 11 bits, a fraction of 52): frexp() is a call.
        memcpy(cython.address(bits), cython.address(microseconds), cython.sizeof(bits))
        bucket = 2 * (cython.cast(cython.int, bits >> 52) - EXPONENT_OF_ONE) + 1
        if bits & FRACTION >= HALF_OCTAVE:
            bucket += 1
        bucket = min(bucket, BUCKETS - 1)
    spread.buckets[bucket] += 1


def _upper_bound(bucket: cython.int) -> cython.double:
    """In seconds. The first holds what took less than a microsecond."""
    return 1e-6 * pow(2.0, bucket / 2.0)


def _quantile(spread: cython.pointer[Spread], share: cython.double) -> cython.double:
    """Within a half octave; never more than the longest."""
    bucket: cython.int
    seen: cython.ulonglong = 0
    for bucket in range(BUCKETS):
        seen += spread.buckets[bucket]
        if seen >= share * spread.count:
            return min(_upper_bound(bucket), spread.longest)
    return spread.longest


def _summary(spread: cython.pointer[Spread]):
    mean: cython.double = 0
    if spread.count > 0:
        mean = spread.total / spread.count
    return {
        "mean_seconds": mean,
        "p50_seconds": _quantile(spread, 0.5),
        "p95_seconds": _quantile(spread, 0.95),
        "p99_seconds": _quantile(spread, 0.99),
        "max_seconds": spread.longest,
        "total_seconds": spread.total,
    }


def _buckets(spread: cython.pointer[Spread]):
    """Those that hold something: [upper bound in seconds, how many], not cumulated."""
    bucket: cython.int
    found = []
    for bucket in range(BUCKETS):
        if spread.buckets[bucket] > 0:
            found.append([_upper_bound(bucket), spread.buckets[bucket]])
    return found
