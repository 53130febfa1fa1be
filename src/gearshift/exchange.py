"""One request's life, from its parsed head to the last byte of its answer: the only copy, for every engine.

The engine pulls: it asks for output when the socket can take some, so a slow reader holds the application back
without a thread. The application interfaces (apps/) fill in how an application is called and how its answer is
had; everything that is the same for all of them is here: gathering or draining the body, 100 Continue, errors
before and after the first byte, the access log.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.clock import monotonic, thread_clock
from cython.cimports.gearshift.counters import Counters
from cython.cimports.gearshift.exchange import Made, Stage
from cython.cimports.gearshift.http.limits import Limits
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http.protocol import Protocol
from cython.cimports.gearshift.http.refusals import Refusal
from cython.cimports.gearshift.http.response import Response, reason_of
from cython.cimports.gearshift.http.states import Event, Reading
from cython.cimports.gearshift.proxy.forwarding import Forwarding
from cython.cimports.gearshift.roster import Roster
from cython.cimports.gearshift.times import Times
from cython.cimports.libc.string import memcpy

from gearshift.http.refusals import REASONS

MOST_DRAINED = cython.declare(cython.longlong, 65536)  # of a body that the application left unread


class ClientDisconnected(ConnectionError):
    """The client is gone: nothing more can be read from it or sent to it."""


class RequestRefused(ConnectionError):
    """The rest of the body can't be had: it was malformed, cut short or too late. The text says which."""


class RequestTimedOut(Exception):
    """The application was cancelled because it took longer than it may."""


class Service:
    """What all connections of one engine share: the application, the limits, the logs, the counts."""

    def __cinit__(
        self,
        application: Application,
        own: Application,
        limits: Limits,
        body_memory: cython.longlong,
        error_log: object,
        access_log: object = None,
        engine: str = "",
        health: object = None,
        server_timing: cython.bint = False,
        counts: Counters = None,
        times: Times = None,
        roster: Roster = None,
        wakes: cython.bint = False,
        forwarding: Forwarding = None,
        compression: object = None,
        http2: object = None,
    ):
        self.application = application
        self.own = own
        self.limits = limits
        self.body_memory = body_memory
        self.error_log = error_log
        self.access_log = access_log
        self.engine = engine
        self.health = health
        self.counts = Counters() if counts is None else counts
        self.times = Times() if times is None else times
        self.roster = Roster() if roster is None else roster
        self.server_timing = server_timing
        self.forwarding = forwarding
        self.compression = compression
        self.wakes = wakes or application.asynchronous
        self.http2 = http2
        self.draining = False


class Application:
    """One application behind its interface (WSGI, ASGI, native)."""

    def begin(self, channel: Channel, service: Service):
        """Makes the exchange for the request whose head the channel's protocol has just read."""
        raise NotImplementedError

    def local(self, concurrent: cython.bint):
        """What the interface keeps for each thread of an engine; `concurrent`: there are several."""
        return


class Exchange:
    """One request and its answer."""

    def open(self, channel: Channel, service: Service, body_first: cython.bint):
        """Starts the life of the request that `channel` has read; `body_first`: gather the body before the call."""
        protocol: Protocol = channel.protocol
        self.channel = channel
        self.service = service
        self.request = protocol.request
        self.response = Response()
        self.response.answers(self.request)
        self.began = channel.driver.now
        self.began_wall = channel.driver.wall
        self.processor = -1
        self.body_complete = not self.request.has_body()
        if service.forwarding is not None:
            self.origin = service.forwarding.hear(channel, self.request)
        self.peer_finished = channel.has_finished()
        self.stage = Stage.COLLECTING if body_first and not self.body_complete else Stage.READY
        return 0

    # ---- the request's body ----------------------------------------------------------------------------

    def collect(self):
        """Gathers the body as far as it has come. 0: more must come. 1: it is whole. 2: it was refused."""
        event: Event
        protocol: Protocol = self.channel.protocol
        while True:
            event = protocol.next()
            if event == Event.BODY:
                try:
                    self._gather(protocol.piece, protocol.piece_length)
                except OSError as error:
                    self.service.error_log.error(f"a request's body can't be stored: {error}; answered 507")
                    protocol.refuse(Refusal.BODY_NOT_STORED)
                    return 2
            elif event == Event.END_OF_BODY:
                self.body_complete = True
                if self.body_filled > 0 and PyBytes_GET_SIZE(self.body) != self.body_filled:
                    self.body = self.body[: self.body_filled]
                self.stage = Stage.READY
                return 1
            elif event == Event.NEED_DATA:
                if self.channel.tls is not None and self.channel.more():
                    continue
                self.continue_body()
                return 0
            else:
                return 2

    def _gather(self, piece: cython.p_const_char, length: cython.Py_ssize_t):
        """Into memory up to the service's bound, into a file beyond it; body_filled -1 says it is a file."""
        room: cython.Py_ssize_t
        if self.body_filled >= 0 and self.body_filled + length > self.service.body_memory:
            self._spill()
        if self.body_filled < 0:
            self.body.write(PyBytes_FromStringAndSize(piece, length))
            return 0
        if self.body is None:
            room = length
            if not self.request.chunked:
                room = min(self.request.content_length, self.service.body_memory)
            if room == length:
                self.body = PyBytes_FromStringAndSize(piece, length)
                self.body_filled = length
                return 0
            self.body = PyBytes_FromStringAndSize(cython.NULL, room)
        elif self.body_filled + length > PyBytes_GET_SIZE(self.body):
            room = min(2 * (self.body_filled + length), self.service.body_memory)
            grown = PyBytes_FromStringAndSize(cython.NULL, room)
            memcpy(PyBytes_AS_STRING(grown), PyBytes_AS_STRING(self.body), self.body_filled)
            self.body = grown
        memcpy(PyBytes_AS_STRING(self.body) + self.body_filled, piece, length)
        self.body_filled += length
        return 0

    def _spill(self):
        import tempfile

        gathered = b"" if self.body is None else self.body[: self.body_filled]
        self.body = tempfile.TemporaryFile()  # noqa: SIM115 - closed by finish()
        self.body.write(gathered)
        self.body_filled = -1
        return 0

    def continue_body(self):
        """Invites the body of a client that waits for leave to send it (RFC 9110 section 10.1.1)."""
        if self.request.expects_continue and not self.continued and not self.head_written:
            self.continued = True
            self.channel.writer().write(b"HTTP/1.1 100 Continue\r\n\r\n", 25)
        return 0

    def drain(self):
        """Drops what is left of the body. 0: more must come. 1: read to its end. 2: not worth it, close."""
        event: Event
        protocol: Protocol = self.channel.protocol
        while True:
            event = protocol.next()
            if event == Event.BODY:
                self.drained += protocol.piece_length
                if self.drained > MOST_DRAINED:
                    return 2
            elif event == Event.END_OF_BODY:
                self.body_complete = True
                return 1
            elif event == Event.NEED_DATA:
                if self.channel.tls is None or not self.channel.more():
                    return 0
            else:
                return 2

    def read_piece(self):
        """The next piece of the body, waited for where it has not come; empty at its end."""
        event: Event
        protocol: Protocol = self.channel.protocol
        while not self.body_complete:
            event = protocol.next()
            if event == Event.BODY:
                return PyBytes_FromStringAndSize(protocol.piece, protocol.piece_length)
            if event == Event.NEED_DATA:
                if self.channel.tls is not None and self.channel.more():
                    continue
                self.continue_body()
                self.channel.driver.receive_more(self.channel)
            elif event == Event.END_OF_BODY:
                self.body_complete = True
            else:
                raise RequestRefused(REASONS[protocol.refusal][1])
        return b""

    # ---- the application -------------------------------------------------------------------------------

    def run(self):
        """Calls the application. What it raises becomes a 500, or a visibly short answer."""
        self.stage = Stage.RUNNING
        self.running = self.channel.in_hand = True
        self.service.running += 1
        self.called = monotonic()
        try:
            if not self.immediate and self.service.times.wants_processor(self.request):
                self._measured_call()
            else:
                self.call()
        except BaseException as error:  # SystemExit too: one request must not end the server
            self.fail(error)
        if self.service.access_log is not None:
            self.application_seconds = monotonic() - self.called
        return 0

    def _measured_call(self):
        """With what it costs the processor. Of an application that goes on in an event loop that can't be told."""
        before: cython.double = thread_clock()
        try:
            self.call()
        finally:
            if not self.service.application.asynchronous:
                self.processor = thread_clock() - before
        return 0

    def pull(self):
        """Writes the next piece of the answer into the channel's output, if there is one."""
        made: Made = Made.LAST
        resumed: cython.double = 0
        if self.broken:
            return Made.LAST
        if self.service.access_log is not None:
            resumed = monotonic()
        try:
            if self.response.coding is None or not self.response.coding.waits:
                made = self.produce()
            if self.response.coding is not None:
                made = self._press(made)
        except BaseException as error:
            self.fail(error)
        if resumed > 0:
            self.application_seconds += monotonic() - resumed
        return made

    def settle(self):
        """The engine turns to other connections: nothing here may lean on its receive buffer."""
        return 0

    def wants_input(self) -> cython.bint:
        """Whether the application waits for more of the body."""
        return False

    # ---- the answer ------------------------------------------------------------------------------------

    def start(self, status: cython.int, reason: cython.p_const_char, length: cython.Py_ssize_t):
        """Begins an application's head; fields may follow, then finish_head()."""
        protocol: Protocol = self.channel.protocol
        if protocol.reading == Reading.BROKEN:
            # It may have caught what read_piece() raised; a request that was no valid one is still refused.
            raise RequestRefused(REASONS[protocol.refusal][1])
        return self.response.begin(self.channel.writer(), status, reason, length)

    def finish_head(self, length: cython.longlong):
        """Ends the head; from here on an error can only cut the answer short."""
        protocol: Protocol = self.channel.protocol
        response: Response = self.response
        withheld: cython.bint
        large: cython.bint
        # An unread body that will not be drained makes this the last answer, and the client is told so.
        withheld = self.request.expects_continue and not self.continued
        large = not self.request.chunked and protocol.due > cython.cast(cython.ulonglong, MOST_DRAINED)
        if not self.body_complete and (withheld or large):
            response.close = True
        if (self.service.draining or self.channel.last) and self.channel.kept_input() == 0:
            response.close = True  # but a pipelined request that was received is still answered
        if self.service.server_timing:
            self._write_timing(response)
        if self.service.compression is not None and not self.uncoded:
            length = self._choose_coding(length)
        if response.coding is None or not response.coding.withheld:
            response.finish_head(self.channel.writer(), self.channel.driver.date, length)
        self.head_written = True
        return 0

    def _choose_coding(self, length: cython.longlong):
        """Whether the answer is compressed; returns what is known of its length then."""
        response: Response = self.response
        output: Output = self.channel.writer()
        choice = self.service.compression.choose(
            self.request, response.status, response.head(output), response.declared, length, response.is_head
        )
        if choice is None:
            return length
        response.replace_head(output, choice.head)
        if not choice.coded:
            return length
        response.declared = -1
        response.coding = choice.body
        return -1 if choice.body is not None else 0  # HEAD: the length that GET would have is not known

    def _press(self, made: Made):
        """What the application has said goes through the coder, a step at a time."""
        if not self.response.coding.waits:
            return made
        if self.response.press(self.channel.writer(), self.channel.driver.date):
            return Made.LAST
        return Made.MUST_LEAVE

    def _write_timing(self, response: Response):
        """Where the time has gone so far."""
        from gearshift.told import server_timing

        text: bytes = server_timing(self)
        return response.field(
            self.channel.writer(), b"Server-Timing", 13, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text)
        )

    def fail(self, error: object):
        """The application failed: a 500 where nothing was sent, else the answer ends visibly short."""
        status: cython.int = 500
        text: bytes = b"Internal Server Error\n"
        if isinstance(error, RequestRefused):
            status = REASONS[self.channel.protocol.refusal][0]
            text = f"{error}\n".encode()
        elif isinstance(error, RequestTimedOut):
            self.service.counts.timed_out += 1
            self.service.error_log.warning(f"{self.name_of_request()} was cancelled: {error}")
            status, text = 503, b"the request took too long\n"
        elif not self.lost and not isinstance(error, ClientDisconnected):
            self.service.error_log.exception(f"error in {self.name_of_request()}", error)
        if self.response.coding is not None and self.response.coding.withheld:
            self.head_written = False
        if self.head_written:
            while self.response.coding is not None and self.response.coding.waits:
                self.response.press(
                    self.channel.writer(), self.channel.driver.date
                )  # what was said counts as sent
            self.response.close = True
        elif not self.lost:
            self.answer(status, text)
        self.broken = True
        return 0

    def shed(self):
        """Answers that there is no room for this request now."""
        return self.answer(503, b"too many requests are waiting\n")

    def answer(self, status: cython.int, text: bytes):
        """A short answer of the server's own; whatever head was begun is taken back."""
        output: Output = self.channel.writer()
        reason: bytes = reason_of(status)
        self.response.abandon(output)
        self.uncoded = True
        self.response.begin(output, status, PyBytes_AS_STRING(reason), PyBytes_GET_SIZE(reason))
        self.response.field(output, b"Content-Type", 12, b"text/plain; charset=utf-8", 25)
        if status == 503:
            self.response.field(output, b"Retry-After", 11, b"1", 1)
        self.response.close = True
        self.finish_head(PyBytes_GET_SIZE(text))
        self.response.piece(output, text, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        self.response.end(output)
        return 0

    @property
    def turn(self):
        """The monotonic clock of the engine's current turn, in seconds; equal values are the same turn."""
        return self.channel.driver.now

    def facts(self):
        """Who serves this request, and on which socket: a ConnectionFacts."""
        from gearshift.facts import connection_facts

        return connection_facts(self.service.engine, self.channel)

    def name_of_request(self):
        """As a person would name it: "GET /path"."""
        method = self.request.method.decode("latin-1")
        path = self.request.path.decode("latin-1")
        return f"{method} {path}"

    def finish(self):
        """The last byte has been produced, or the connection ends: logs, and lets everything go."""
        log = self.service.access_log
        if self.stage == Stage.OVER:
            return 0
        self.stage = Stage.OVER
        if self.running:
            self.running = self.channel.in_hand = False
            self.service.running -= 1
            self.channel.driver.request_over()
            if not self.immediate and not self.upgraded:
                self._tell_times()
        try:
            self.release()
        except BaseException as error:  # SystemExit too, as in run()
            self.service.error_log.exception(
                f"error while closing the answer to {self.name_of_request()}", error
            )
        if log is not None:
            self._log_access(log)
        if self.body_filled < 0:
            self.body.close()
        self.body = None
        return 0

    def _tell_times(self):
        """Where the time of this request went, and whether it was one of the slowest."""
        times: Times = self.service.times
        now: cython.double = monotonic()
        queue: cython.double = self.called - self.began
        if self.channel.blocked_since > 0:
            self.write_blocked += now - self.channel.blocked_since
            self.channel.blocked_since = now  # what comes yet is told when it is over (Connection.took_all)
        handler: cython.double = now - self.called - self.write_blocked
        self.channel.last_kind = times.took(
            self.request, self.response.status, queue, handler, self.write_blocked, self.processor
        )
        if now - self.began > times.floor:
            from gearshift.told import slow_request

            times.keep(slow_request(self, queue, handler, now))
        return 0

    def _log_access(self, log: object):
        from gearshift.told import tell_access

        tell_access(self, log)

    # ---- what an application interface adds ------------------------------------------------------------

    def call(self):
        """Calls the application for this request."""
        raise NotImplementedError

    def produce(self):
        """Writes the next piece of the answer, and says what may be expected now."""
        raise NotImplementedError

    def peer_has_finished(self):
        """The peer will send no more; it may still be reading."""
        self.peer_finished = True
        return 0

    def peer_is_lost(self):
        """The peer is gone; the exchange ends without another byte."""
        self.lost = True
        return 0

    def release(self):
        """Lets go of whatever the application's answer held."""
        return 0
