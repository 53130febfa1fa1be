"""One connection's next step: the seam between the engines and everything above them.

Asked to `advance`, a connection says READ, WRITE, RUN, WAIT or CLOSE, and which deadline runs meanwhile. An
engine is a policy for who does that step and how it waits; half-close, pipelining, refusals, lingering and
keep-alive are decided here, so engines cannot disagree.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.cpython.ref import Py_REFCNT
from cython.cimports.gearshift.channel import Driver
from cython.cimports.gearshift.connection import Deadline, Phase, Step
from cython.cimports.gearshift.conversation import Conversation
from cython.cimports.gearshift.exchange import Exchange, Made, Service, Stage
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.protocol import Protocol
from cython.cimports.gearshift.http.refusals import Refusal
from cython.cimports.gearshift.http.request import Request
from cython.cimports.gearshift.http.response import Response, reason_of
from cython.cimports.gearshift.http.states import Event, Framing, Reading
from cython.cimports.gearshift.opening import (
    begin,
    multiplex,
    shake_hands,
    take_introduction,
    waits_for_introduction,
)

from gearshift.http.refusals import REASONS

HIGH_WATER = cython.declare(cython.longlong, 65536)  # above this the application waits for the socket
READ_AHEAD = cython.declare(cython.Py_ssize_t, 65536)  # input kept while an application is busy
MOST_SENT_ALONG = cython.declare(
    cython.Py_ssize_t, 131072
)  # of input, with a socket that goes to another process


class Connection:
    """One accepted socket with its protocol and, while a request is being answered, its exchange."""

    def __cinit__(self, fd: cython.int, service: Service, driver: Driver, listener: object):
        self.fd = fd
        self.service = service
        self.driver = driver
        self.listener = listener
        self.protocol = Protocol(service.limits)
        self.accepted_at = driver.now
        self.number = service.roster.enter(self)
        begin(self, listener)
        self.listed = Deadline.NO_DEADLINE

    # ---- what the engine reports -----------------------------------------------------------------------

    def received(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        """Bytes came. They are used where they stand until settle()."""
        self.bytes_in += size
        if self.phase == Phase.INTRODUCED:
            return take_introduction(self, data, size)
        if self.tls is not None:
            return self.tls.put(data, size) if self.speaks() else 0
        if self.phase == Phase.SERVING or self.phase == Phase.CONVERSING:
            self.protocol.feed(data, size)
        return 0

    def received_eof(self):
        """The peer finished sending; it may still wait for its answers (RFC 9112 section 9.6)."""
        self.input_ended()
        self.unread_input = False
        if self.phase == Phase.SHAKING and self.bytes_in > 0:
            self.service.counts.handshakes_failed += 1
        if self.phase == Phase.LINGERING or self.phase == Phase.SHAKING:
            self.phase = Phase.DONE
        elif self.exchange is not None:
            self.exchange.peer_has_finished()
        return 0

    def lose(self):
        """The peer is gone: reset, or vanished in the middle of a send."""
        if self.tls is not None and (self.exchange is not None or self.unsent() > 0):
            self.reset = True  # close_notify would say that this was all
        self.protocol.eof = True
        self.phase = Phase.DONE
        if self.output is not None and self.output is self.in_flight:
            self.output = None  # the kernel still reads it
        self.drop_output()
        if self.exchange is not None:
            self.exchange.peer_is_lost()
            self.exchange.finish()
            self.exchange = None
        return 0

    def took_part(self, now: cython.double):
        """The peer took less than there was to send."""
        if self.blocked_since == 0:
            self.blocked_since = now
        return 0

    def took_all(self, now: cython.double):
        """It has caught up: how long it held things up belongs to its request, or to the kind of the one before."""
        seconds: cython.double = now - self.blocked_since
        self.blocked_since = 0
        if self.exchange is not None:
            self.exchange.write_blocked += seconds
        else:
            self.service.times.wrote(self.last_kind, seconds)
        return 0

    def expire(self):
        """The running deadline has passed (strictness: 408 where a request is under way, else a close)."""
        protocol: Protocol = self.protocol
        if self.phase == Phase.SHAKING:
            self.service.counts.handshakes_failed += 1
            self.lose()
        elif self.deadline == Deadline.HEAD_BY:
            protocol.refuse(Refusal.HEAD_LATE)
        elif self.deadline == Deadline.BODY_PROGRESS_BY and self.exchange is not None:
            if self.exchange.head_written:
                self.reset = self.exchange.stage != Stage.DRAINING
                self.lose()
            else:
                protocol.refuse(Refusal.BODY_LATE)
                self._refuse()
        else:
            self.reset = self.deadline == Deadline.WRITE_PROGRESS_BY
            self.lose()
        return 0

    # ---- the next step ---------------------------------------------------------------------------------

    def advance(self):
        """What must happen next. Called again after each step, until it says READ, WAIT or CLOSE."""
        return self._next_step() if self.tls is None else self._advance_sealed()

    def _advance_sealed(self):
        """As without TLS, between what has come sealed and what is to leave so."""
        step: Step
        if self.phase == Phase.SHAKING:
            step = shake_hands(self)
            if self.phase == Phase.SHAKING:
                return step
        while True:
            step = self._next_step()
            if self.tls is None:
                return step
            self.seal()
            if self.phase == Phase.DONE:
                return Step.CLOSE
            if step != Step.WRITE or (self.output is not None and self.output.pending > 0):
                return step

    def _next_step(self):
        exchange: Exchange
        made: Made
        verdict: cython.int
        while True:
            exchange = self.exchange
            if exchange is None:
                if self.phase != Phase.SERVING:
                    verdict = self._converse() if self.phase == Phase.CONVERSING else self._end()
                elif self.unsent() >= HIGH_WATER:
                    return Step.WRITE
                else:
                    verdict = self._between_requests()
                if verdict != Step.RUN:
                    return cython.cast(Step, verdict)
                continue
            if exchange.stage == Stage.RUNNING:
                if self.tls is not None and exchange.wants_input():
                    self.more()
                made = exchange.pull()
                if made == Made.PIECE:
                    if self.unsent() >= HIGH_WATER:
                        return Step.WRITE
                elif made == Made.MUST_LEAVE:
                    return Step.WRITE
                elif made == Made.LAST:
                    self._answered()
                elif made == Made.DELIVERED:
                    self._delivered()
                elif self.unsent() > 0 and not self.blocked:
                    return Step.WRITE
                else:
                    self.deadline = Deadline.NO_DEADLINE
                    if exchange.wants_input():
                        self.deadline = Deadline.BODY_PROGRESS_BY
                    return Step.WAIT
            elif exchange.stage == Stage.READY:
                return Step.RUN
            else:
                verdict = exchange.collect() if exchange.stage == Stage.COLLECTING else exchange.drain()
                if verdict == 0:
                    if self.unsent() > 0:
                        return Step.WRITE
                    self.deadline = Deadline.BODY_PROGRESS_BY
                    return Step.READ
                if verdict == 2 and exchange.stage == Stage.COLLECTING:
                    self._refuse()
                elif exchange.stage == Stage.DRAINING:
                    if verdict == 2:
                        self.phase = Phase.LAST_ANSWER
                        self.unread_input = True
                    self._finish_exchange()

    def _between_requests(self):
        """No request is under way: RUN here means that one has begun."""
        event: Event = self.protocol.next()
        while event == Event.NEED_DATA and self.tls is not None and self.more():
            event = self.protocol.next()
        if event == Event.REQUEST:
            self._begin_exchange()
            if self.protocol.reading != Reading.BROKEN:
                return Step.RUN
            self._refuse()  # for what a proxy said of its client
            return self._end()
        if event == Event.NEED_DATA:
            if self.unsent() > 0:
                return Step.WRITE
            # A piece of a blank line or of a TLS record is a beginning, too: dripping them wins no time.
            if self.protocol.reading == Reading.HEAD or self.kept_input() > 0:
                self.deadline = Deadline.HEAD_BY
            else:
                self.deadline = Deadline.IDLE_UNTIL
                if self.requests > 0 and (self.service.draining or self._owes_keys()):
                    self.phase = Phase.LAST_ANSWER
                    return self._end()
            return Step.READ
        if event == Event.PREFACE:
            return self._converse() if multiplex(self) else self._between_requests()
        if event == Event.REFUSED:
            self._refuse()
        else:
            self.phase = Phase.LAST_ANSWER
        return self._end()

    def _owes_keys(self) -> cython.bint:
        """Whether nothing more may be sealed before keys are changed that the kernel has (RFC 8446 section 4.6.3)."""
        return self.tls is not None and self.tls.owes_keys

    def _end(self):
        """Sends what is left, then closes: gently where the peer may still be sending."""
        if self.phase == Phase.INTRODUCED and waits_for_introduction(self):
            return Step.READ
        if self.phase == Phase.LAST_ANSWER:
            if self.tls is not None and not self.reset:
                self.say_goodbye()
            if self.unsent() > 0:
                return Step.WRITE
            if self.unread_input and not self.protocol.eof and not self.reset:
                self.phase = Phase.LINGERING
            else:
                self.phase = Phase.DONE
        if self.phase == Phase.LINGERING:
            self.deadline = Deadline.LINGER_UNTIL
            return Step.READ
        return Step.CLOSE

    def _converse(self):
        """Nothing runs on a connection that speaks no HTTP: RUN means that its handler is to be told something."""
        conversation: Conversation = self.conversation
        if conversation.overfull:
            self.reset = True
            self.phase = Phase.DONE
            return Step.CLOSE
        if conversation.said:
            conversation.flush()
        if self.unsent() >= HIGH_WATER:
            return Step.WRITE
        self.exchange = conversation.next(self.service, self.ending)
        while self.exchange is None and self.tls is not None and self.more():
            self.exchange = conversation.next(self.service, self.ending)
        if self.exchange is not None:
            self.requests += 1
            self.service.counts.requests += 1
            return Step.RUN
        if self.unsent() > 0:
            return Step.WRITE
        if conversation.over:
            self.phase = Phase.LAST_ANSWER
            self.unread_input = True
        elif self.ending or (
            self.service.draining and (self.requests > 0 or self.datagrams) and not conversation.unread()
        ):
            self.phase = Phase.DONE
        else:
            busy: cython.bint = self.datagrams or conversation.streams > 0
            self.deadline = Deadline.NO_DEADLINE if busy else Deadline.IDLE_UNTIL
            return Step.READ
        return self._end()

    def _delivered(self):
        """A raw handler has said what it had to. After an error the connection must not look as if it ended well."""
        exchange: Exchange = self.exchange
        self.exchange = None
        if exchange.broken and not self.datagrams:
            self.reset = True
            self.phase = Phase.DONE
            self.drop_output()
        return exchange.finish()

    def _begin_exchange(self):
        self.requests += 1
        self.service.counts.requests += 1
        request: Request = self.protocol.request
        if request.asterisk or (self.service.health is not None and request.path in self.service.health):
            self.exchange = self.service.own.begin(self, self.service)
            self.exchange.immediate = True
        else:
            self.exchange = self.service.application.begin(self, self.service)
        return 0

    def run(self):
        """Does the RUN step: calls the application."""
        return self.exchange.run()

    def shed(self):
        """Instead of the RUN step: too many requests wait already, so this one is told to come back later."""
        exchange: Exchange = self.exchange
        exchange.shed()
        exchange.finish()
        self.exchange = None
        if self.datagrams:
            return 0
        self.unread_input = True  # its body, or what has come behind it while it waited
        self.reset = self.conversation is not None  # which has no words for it
        self.phase = Phase.LAST_ANSWER
        return 0

    def _answered(self):
        """The answer is whole. What is left of the request must be read, or the connection ends."""
        exchange: Exchange = self.exchange
        if exchange.response.close or exchange.broken:
            if exchange.broken and exchange.response.framing == Framing.BY_CLOSE:
                self.reset = True
            # A large one is on its way for a while, in which more may come: to that a closed socket answers by a reset.
            self.unread_input = (
                not exchange.body_complete
                or self.kept_input() > 0
                or (exchange.response.body_bytes > HIGH_WATER and not exchange.upgraded)
            )
            self.phase = Phase.LAST_ANSWER
            self._finish_exchange()
        elif exchange.body_complete or self.protocol.reading == Reading.COMPLETE:
            self._finish_exchange()
        else:
            exchange.stage = Stage.DRAINING
        return 0

    def _finish_exchange(self):
        exchange: Exchange = self.exchange
        self.exchange = None
        exchange.finish()
        if Py_REFCNT(exchange) > 1 or Py_REFCNT(exchange.request) > 2:
            exchange.request.keep()  # somebody still holds it, and its bytes are about to go
        self.protocol.finish()

    def _refuse(self):
        """Answers what broke the protocol, once, and lets nothing after it be read."""
        status: cython.int
        text: bytes
        response: Response = Response()
        output: Output = self.writer()
        status, words = REASONS[self.protocol.refusal]
        if self.exchange is not None:
            exchange: Exchange = self.exchange
            self.exchange = None
            exchange.peer_is_lost()
            response = exchange.response
            if exchange.head_written:
                self.reset = True
            else:
                exchange.answer(status, words.encode() + b"\n")
            exchange.finish()
        else:
            text = words.encode() + b"\n"
            reason: bytes = reason_of(status)
            response.close = True
            response.is_head = self.protocol.refused_head  # RFC 9110 section 9.3.2: never with content
            response.begin(output, status, PyBytes_AS_STRING(reason), PyBytes_GET_SIZE(reason))
            response.field(output, b"Content-Type", 12, b"text/plain; charset=utf-8", 25)
            response.finish_head(output, self.driver.date, PyBytes_GET_SIZE(text))
            response.piece(output, text, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
            response.end(output)
            if self.service.access_log is not None:  # though there was no request that could be read
                from gearshift.observe.access_entry import refused_entry

                self.service.access_log.write(refused_entry(self, response))
        self.phase = Phase.LAST_ANSWER
        self.unread_input = True
        return 0

    # ---- what the engine asks --------------------------------------------------------------------------

    def takes_input(self) -> cython.bint:
        """Whether reading from the socket makes sense now: a busy application must not fill memory."""
        if self.has_finished():
            return False
        if self.phase == Phase.LINGERING:
            return True
        if not self.speaks():
            return False
        if self.exchange is None and self.unsent() < HIGH_WATER:
            return True  # what is being read is a head, which has a limit of its own
        return self.kept_input() < READ_AHEAD and not self.datagrams

    def speaks(self) -> cython.bint:
        """Whether its life goes on: it is not about to end."""
        return self.phase in (Phase.SERVING, Phase.CONVERSING, Phase.INTRODUCED, Phase.SHAKING)

    def at_boundary(self) -> cython.bint:
        """Between requests with nothing half done: it may be parked, handed over or evicted."""
        return (
            self.exchange is None
            and self.speaks()
            and self.protocol.reading == Reading.BETWEEN
            and self.kept_input() == 0
            and self.unsent() == 0
            and (self.conversation is None or self.conversation.streams == 0)
        )

    def may_leave(self) -> cython.bint:
        """Between requests, at most with a piece of the next head: another engine can go on with it."""
        return (
            self.exchange is None
            and self.speaks()
            and not self.has_finished()
            and not self.queued
            and not self.ending
            and self.unsent() == 0
            and (self.tls is None or not self.tls.has_whole())
        )

    def stays(self, elsewhere: cython.bint) -> cython.bint:
        """Whether no other process could go on with it: there is more to it than a socket and a piece of a head.
        Where the others leave for one, its next answer is its last; a shared socket of datagrams is let go at once.
        """
        if elsewhere and self.datagrams and not self.ending:
            self.ending = True
            self.driver.nudge(self)
        self.last = elsewhere and (
            self.conversation is not None
            or self.outer is not None
            or self.tls is not None
            or self.phase == Phase.INTRODUCED
            or self.protocol.buffered() > MOST_SENT_ALONG
        )
        return self.last

    def change_engine(self, driver: Driver, service: Service):
        """Belongs to another engine from now on; nothing of the former's bookkeeping is left."""
        self.settle()
        self.driver = driver
        self.service = service
        self.interest = 0
        self.blocked = self.queued = self.gone = self.lent = self.waits = self.news = False
        self.listed = Deadline.NO_DEADLINE
        service.counts.handed_over += not self.datagrams and (self.outer is None or self.requests > 0)
        return 0

    @property
    def leaves(self):
        """Whether the client of a request that waits has left."""
        return self.gone

    def settle(self):
        """The engine turns to something else: keep what must outlive its receive buffer, give back the rest."""
        if self.protocol.end != 0 or self.protocol.kept != cython.NULL or self.protocol.request is not None:
            self.protocol.settle()
        if self.exchange is not None:
            self.exchange.settle()
        return self.give_back()

    def finish(self):
        """The engine closes the socket: whatever is still open on it ends."""
        if self.exchange is not None:
            self.lose()
        self.phase = Phase.DONE
        if self.conversation is not None:
            self.conversation.end()
        return 0
