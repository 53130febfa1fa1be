"""Requests that wait for their turn to run: a bounded queue, the same in every engine.

A first-in-first-out queue that stands at three times what can be served holds only requests whose clients have given
up. So waits are held against a target: where they stay above it, what is overdue is answered 503 at once, and the
newest goes first, until the queue has been empty once. (CoDel's question, Nichols and Jacobson 2012, of requests.)
"""

from collections import deque

import cython
from cython.cimports.gearshift.clock import monotonic
from cython.cimports.gearshift.connection import Connection
from cython.cimports.gearshift.exchange import Service

STANDING = 5.0  # target delays for which waits must stay above theirs
_STANDING = cython.declare(cython.double, STANDING)
QUIET = cython.declare(cython.double, 10.0)  # seconds between two lines about overload


class Standing:
    """Whether waits stay above `target` seconds. Told once in a while through the service's error log."""

    def __cinit__(self, service: Service, target: cython.double):
        self.service = service
        self.target = target
        self.told = -QUIET

    def saw(self, wait: cython.double, now: cython.double) -> cython.void:
        """The longest wait of the moment; `now` is the clock's reading at its end."""
        if wait <= self.target:
            if not self.overdue:
                self.since = 0
        elif self.since == 0:
            self.since = now
        elif not self.overdue and now - self.since >= _STANDING * self.target:
            self.overdue = True

    def turn_lasted(self, seconds: cython.double, now: cython.double) -> cython.void:
        """Where requests wait for the turn of a loop that runs them itself. Who is accepted in a turn, which is short
        then, has waited as long as the turn before it.
        """
        longest: cython.double = max(seconds, self.lasted)
        self.lasted = seconds
        if longest > self.target:
            self.saw(longest, now)
        else:
            self.over()

    def finds_overdue(self, began: cython.double) -> cython.bint:
        """Whether a request must be told to come back that was ready when its turn began, and so has waited at least
        as long as the turn has lasted.
        """
        now: cython.double = monotonic()
        if now - began <= self.target:
            return False
        self.saw(now - began, now)
        return self.overdue

    def over(self) -> cython.void:
        """Nothing waits any more."""
        self.since = 0
        self.overdue = False

    def tell(self, now: cython.double):
        """That requests are being turned away."""
        if now - self.told < QUIET:
            return 0
        self.told = now
        self.service.error_log.warning(
            f"overload: requests have waited longer than {self.target:g} s for {_STANDING * self.target:g} s;"
            " those overdue are answered 503, the newest go first"
        )
        return 0


class WaitingRequests:
    """Connections whose next step is to run, oldest first; `since` is when each came."""

    def __cinit__(self, service: Service, most: cython.Py_ssize_t, target: cython.double):
        self.service = service
        self.most = most
        self.requests = deque()
        self.standing = Standing(service, target)

    def __len__(self):
        return self.count

    def __iter__(self):
        return iter(self.requests)

    def put(self, connection: Connection, now: cython.double, more: cython.Py_ssize_t):
        """False where there is no room, which counts as shed; `more`: requests that are as good as taken."""
        if self.count >= self.most + more:
            self.service.counts.shed_full += 1
            return False
        connection.gone = False
        connection.since = now
        self.requests.append(connection)
        self.count += 1
        return True

    def take(self) -> Connection:
        """The request whose turn it is, or None."""
        if self.count == 0:
            return None
        self.count -= 1
        return self.requests.pop() if self.standing.overdue else self.requests.popleft()

    def judge(self, now: cython.double):
        """Looks at the oldest wait."""
        if self.count == 0:
            self.standing.over()
            return 0
        oldest: Connection = self.requests[0]
        self.standing.saw(now - oldest.since, now)
        return 0

    def take_overdue(self, now: cython.double) -> Connection:
        """One that must be told to come back, or None."""
        if self.count == 0 or not self.standing.overdue:
            return None
        oldest: Connection = self.requests[0]
        if now - oldest.since <= self.standing.target:
            return None
        self.standing.tell(now)
        self.requests.popleft()
        self.count -= 1
        return oldest

    def remove(self, connection: Connection):
        """It ends before its turn."""
        self.requests.remove(connection)
        self.count -= 1
        return 0
