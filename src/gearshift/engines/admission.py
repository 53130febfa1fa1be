"""Admission: whether a request may run now, where it waits until it may, and what becomes of those that wait too long.

The same for every engine whose loop runs the requests itself, or gives them to an event loop. The pool's threads take
theirs out of the queue; there this is the poller's side only.
"""

import cython
from cython.cimports.gearshift.connection import Connection, Deadline
from cython.cimports.gearshift.engines.transport import peer_has_finished
from cython.cimports.gearshift.engines.waiting import Standing


class AdmittingLoop:
    """The RUN step of a loop. Parameters: see Workplace in engines/__init__.py."""

    def __cinit__(self, workplace: object):
        self.standing = Standing(self.service, workplace.queue_delay)

    def handle(self, connection: Connection) -> cython.bint:
        """The RUN step. False: somebody else drives the connection from here on, or nobody until its turn comes."""
        # Nobody overtakes those that wait.
        may_run: cython.bint = (self.waiting.count == 0 or self.lets_in) and self._may_run()
        if connection.exchange.immediate or (self.standing.since == 0 and may_run):
            connection.run()
            return True
        if self.standing.since > 0 and self.standing.finds_overdue(self.now):
            self.standing.tell(self.now)
            self.service.counts.shed_overdue += 1
            connection.shed()
            return True
        if may_run:
            connection.run()
            return True
        return self._queue(connection)

    def _may_run(self) -> cython.bint:
        """Whether one more request may run now."""
        return self.service.running < self.most_requests and (self.calls is None or self.calls.takes_more(0))

    def _queue(self, connection: Connection):
        """Its turn comes when one of the running requests is over."""
        if not self.waiting.put(connection, self.now, 0):
            connection.shed()
            return True
        connection.waits = True
        # What has come to its end before the request could begin to wait is a half-close, later a client that has left.
        connection.half_closed = peer_has_finished(connection)
        self.deadlines.enter(connection, Deadline.NO_DEADLINE, self.now, True)
        self.watch(connection, self.arm)
        connection.settle()
        return False

    def serve_waiting(self):
        """Lets those run for which there is room, and tells the overdue to come back."""
        connection: Connection
        self.waiting.judge(self.now)
        while True:
            connection = self.waiting.take_overdue(self.now)
            if connection is None:
                break
            connection.gone = not connection.half_closed and peer_has_finished(connection)
            self.answer_unserved(connection)
        self.lets_in = True
        while self._may_run():
            connection = self.waiting.take()
            if connection is None:
                break
            if not connection.half_closed and peer_has_finished(connection):
                connection.gone = True
                self.answer_unserved(connection)
                continue
            connection.waits = False
            self._go_on(connection)
        self.lets_in = False
        return 0

    def answer_unserved(self, connection: Connection):
        """A request that waited is not run: it is answered 503, or its client has left."""
        connection.lent = connection.waits = False
        if connection.gone:
            self.service.counts.abandoned += 1
            connection.lose()
        else:
            self.service.counts.shed_overdue += 1
            connection.shed()
        return self._go_on(connection)

    # ---- what the loop adds --------------------------------------------------------------------------------

    def _go_on(self, connection: Connection):
        """Drives it, whatever comes of that."""
        raise NotImplementedError
