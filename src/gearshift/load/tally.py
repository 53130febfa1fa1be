"""What a load has measured: answers, durations, statuses and failures of the time that counts."""

import cython
from cython.cimports.gearshift.load.histogram import Histogram
from cython.cimports.gearshift.load.tally import FAILURE_KINDS, Failure
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.string import memset

FAILURES = (
    "connect_refused",
    "connect_timeout",
    "connect_failed",
    "timeout",
    "reset",
    "closed_short",
    "malformed",
)


class Tally:
    """Counts from the beginning of what counts to its end; of requests begun in that time, answers that come later too.

    latency: from the moment a request was due to its answer's last byte. from_sent: from the moment it was sent.
    connecting: from connect() to a connection. answered: within the time; answered_late: after it. opened:
    connections, those from before included. bytes_in, bytes_out: what was received and sent.
    """

    def __cinit__(self):
        self.latency = Histogram()
        self.from_sent = Histogram()
        self.connecting = Histogram()

    def statuses(self) -> dict:
        """How many answers had each status that occurred."""
        status: cython.int
        return {status: self.by_status[status] for status in range(1000) if self.by_status[status]}

    def failures(self) -> dict:
        """How many requests each kind of failure has cost, those that occurred."""
        kind: cython.int
        return {FAILURES[kind]: self.by_kind[kind] for kind in range(FAILURE_KINDS) if self.by_kind[kind]}

    def begin(self, start: uint64_t, stop: uint64_t):
        """From here to there it counts; what has been counted so far is forgotten, connections excepted."""
        self.start = start
        self.stop = stop
        self.latency.forget()
        self.from_sent.forget()
        self.answered = self.answered_late = self.bytes_in = self.bytes_out = 0
        memset(self.by_status, 0, cython.sizeof(self.by_status))
        memset(self.by_kind, 0, cython.sizeof(self.by_kind))

    def answer(self, due: uint64_t, sent: uint64_t, now: uint64_t, status: cython.int):
        if now < self.stop:
            self.answered += 1
        elif due >= self.start:
            self.answered_late += 1
        else:
            return
        self.by_status[status] += 1
        if due >= self.start:
            self.latency.note(now - due)
            self.from_sent.note(now - sent)

    def failed(self, kind: Failure, many: cython.int):
        self.by_kind[cython.cast(cython.int, kind)] += many

    def connected(self, took: uint64_t):
        self.opened += 1
        self.connecting.note(took)
