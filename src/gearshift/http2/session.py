"""The streams of one HTTP/2 connection. Frames and their rules are the codec's; what may be done how often, and what
becomes of a stream, stand here.

Two threads come here, each with the lock: the engine's, which has read from the peer (receive), and the gateway's,
which was told of inner sockets or of time (ready, tick). With it held nobody asks for another lock.
"""

from collections import deque
from threading import Lock
from time import monotonic

import cython
from cython.cimports.gearshift.connection import Connection
from cython.cimports.gearshift.http2.codec import Codec, Wire
from cython.cimports.gearshift.http2.codes import ErrorCode
from cython.cimports.gearshift.http2.inner import Inner
from cython.cimports.gearshift.http2.request_head import request_head
from cython.cimports.gearshift.http2.session import EPOLLOUT, HANGING_UP, KNOWS
from cython.cimports.gearshift.http2.stream import Pumped, Stream

from gearshift.http2.allowance import Allowance
from gearshift.http2.request_head import MalformedRequest

STREAM_WINDOW = cython.declare(
    cython.longlong, 131072
)  # bytes of a request that may be on their way, and wait for the inner connection
MOST_UNSENT = cython.declare(
    cython.longlong, 131072
)  # bytes made for the peer that the socket has not taken; past it no answer is read
KEPT_FOR = cython.declare(cython.double, 1.0)  # seconds that an inner connection is kept at rest
# Frames that ask for work and bring none: at once, a second, and for each frame of data that was sent, which a peer may
# well answer with two WINDOW_UPDATEs.
FRAMES_AT_ONCE = cython.declare(cython.int, 2000)
FRAMES_A_SECOND = cython.declare(cython.int, 200)
FRAMES_FOR_DATA = cython.declare(cython.int, 4)


class Session:
    """conversation: its connection, as the engine knows it. clock: monotonic seconds."""

    def __init__(self, conversation: object, gateway: object, clock: object = monotonic):
        terms = gateway.terms
        self.conversation = conversation
        self.gateway = gateway
        self.streams = {}
        self.codec = Codec(self, terms.streams, terms.head, STREAM_WINDOW)
        self.lock = Lock()
        self.clock = clock
        self.most = terms.streams
        self.idle = []
        self.left = []
        self.to_push = []
        self.to_pump = deque()
        self.blocked = {}
        now = clock()
        self.resets = Allowance(2.0 * terms.streams, terms.streams, now)
        self.frames = Allowance(FRAMES_AT_ONCE, FRAMES_A_SECOND, now)

    # ---- from the two threads ---------------------------------------------------------------------------------

    def begin(self) -> None:
        """Says the server's preface, then hears what has come already."""
        with self.lock:
            self.codec.begin()
            early = self.conversation.begin(self)
            if early is None:
                self.over = True
                return
            self._hear(b"".join(early))
            self._turn()

    def receive(self, data: bytes) -> None:
        """The engine's thread: what has come from the peer, or nothing, but there may be room to send more."""
        with self.lock:
            if not self.over:
                self._hear(data)
                self._turn()

    def ready(self, told: list) -> None:
        """The gateway's thread: (inner, what epoll told) of sockets that have something, or take something."""
        with self.lock:
            for inner, mask in told:
                self._note(inner, mask)
            self._turn()

    def tick(self, now: cython.double) -> None:
        """The gateway's thread: what time alone changes."""
        inner: Inner
        stream: Stream
        with self.lock:
            while self.idle:
                inner = self.idle[0]
                if now - inner.idle_since <= KEPT_FOR:
                    break
                self.gateway.close_inner(self.idle.pop(0))
            for stream in list(self.blocked):
                if now - stream.since > self.gateway.terms.write:
                    self._drop(stream, ErrorCode.CANCEL)
            self._turn()

    def lost(self) -> None:
        """The connection is closed: applications hear that their clients have left."""
        with self.lock:
            self._end()

    # ---- one turn -----------------------------------------------------------------------------------------------

    def _hear(self, data: bytes):
        if data:
            self.codec.receive(data)
            if self.codec.over:
                self._end()
        return 0

    def _turn(self):
        """Whatever can be done now: requests into inner connections, answers out of them."""
        stream: Stream
        if self.over:
            return 0
        if not self.leaving and self.conversation.draining:
            self.leaving = True
            self.codec.leave()
        if self.to_push:
            pushed: list = self.to_push
            self.to_push = []
            for stream in pushed:
                stream.pushed = True
                if self._is_open(stream):
                    stream.push()
        while self.to_pump and self.codec.unsaid() + self.conversation.unsent < MOST_UNSENT:
            stream = self.to_pump.popleft()
            stream.queued = False
            if self._is_open(stream):
                self._pump(stream)
        if self.leaving and not self.streams:
            return self._end()
        self._say()
        self.conversation.carries(len(self.streams))
        return 0

    def _pump(self, stream: Stream):
        pumped: Pumped = stream.pump()
        if pumped == Pumped.MORE:
            self._queue(stream)
        elif pumped == Pumped.BLOCKED:
            self.blocked[stream] = None
            stream.since = stream.since or self.clock()
        elif pumped == Pumped.WHOLE:
            self._answered(stream)
        elif pumped == Pumped.BROKEN:
            self._drop(
                stream,
                ErrorCode.REFUSED_STREAM if stream.inner.never_began() else ErrorCode.INTERNAL_ERROR,
            )
        return 0

    def _say(self):
        data_frames: cython.int = self.codec.frames_of_data()
        if data_frames > 0:
            self.frames.earn(FRAMES_FOR_DATA * data_frames)
        if self.codec.unsaid() > 0:
            self.conversation.say(self.codec.said())
        return 0

    def _note(self, inner: Inner, mask: cython.uint):
        """What epoll has told of it."""
        if mask & ~EPOLLOUT:
            inner.readable = True
        if mask & HANGING_UP:
            inner.hung_up = True
        if inner.stream is None:
            if inner.hung_up and inner in self.idle:
                self.idle.remove(inner)
                self.gateway.close_inner(inner)
            return 0
        stream: Stream = inner.stream
        if mask & EPOLLOUT:
            self._will_push(stream)
        if inner.readable and stream not in self.blocked:
            self._queue(stream)
        return 0

    def _queue(self, stream: Stream):
        if not stream.queued:
            stream.queued = True
            self.to_pump.append(stream)
        return 0

    def _will_push(self, stream: Stream):
        if stream.pushed:
            stream.pushed = False
            self.to_push.append(stream)
        return 0

    def _is_open(self, stream: Stream):
        return stream.wire.owner is stream

    # ---- what the peer says -------------------------------------------------------------------------------------

    def request(self, wire: Wire, fields: list, ended: cython.bint):
        stream: Stream
        self.conversation.begun()
        if self.leaving or len(self.streams) + self._still_running() >= self.most:
            self._refuse(wire, ErrorCode.REFUSED_STREAM)
            return
        try:
            head = request_head(fields, ended)
        except MalformedRequest:
            self._refuse(wire, ErrorCode.PROTOCOL_ERROR)
            return
        inner = self._inner()
        if inner is None:
            self._refuse(wire, ErrorCode.REFUSED_STREAM)
            return
        stream = Stream(wire, self.codec, self.gateway, inner, head, ended)
        wire.owner = self.streams[wire.number] = stream
        self.to_push.append(stream)

    def _inner(self):
        """One that rests, the one used last first; or a new one."""
        inner: Inner
        index: cython.Py_ssize_t
        for index in range(len(self.idle) - 1, -1, -1):
            inner = self.idle[index]
            if inner.rests():
                del self.idle[index]
                return inner
        return self.gateway.open_inner(self)

    def _still_running(self):
        """Requests whose streams were reset and whose handlers have not heard of it yet (CVE-2023-44487)."""
        connection: Connection
        if self.left:
            self.left = [connection for connection in self.left if connection.fd >= 0]
        return len(self.left)

    def data(self, wire: Wire, data: bytes, credit: cython.Py_ssize_t, ended: cython.bint):
        stream: Stream = wire.owner
        if stream is None:
            self.codec.acknowledge(wire, credit)
            return
        try:
            stream.body(data, credit, ended)
        except MalformedRequest:
            self._misused(stream)
        else:
            self._will_push(stream)

    def trailers(self, wire: Wire, fields: list):
        stream: Stream = wire.owner
        if stream is not None:
            try:
                stream.trailers(fields)
            except MalformedRequest:
                self._misused(stream)
            else:
                self._will_push(stream)

    def was_reset(self, wire: Wire):
        """By the peer; or by the codec, for what the peer did (CVE-2025-8671)."""
        if wire.owner is not None:
            self._drop(wire.owner, KNOWS)
        self._spend_reset()

    def window_opened(self):
        stream: Stream
        for stream in self.blocked:
            self._queue(stream)
        self.blocked.clear()

    def asked(self):
        if not self.frames.spend(self.clock()):
            self.codec.fail(ErrorCode.ENHANCE_YOUR_CALM)

    def goaway(self):
        """Streams that are open are answered."""
        self.leaving = True

    # ---- what becomes of a stream -------------------------------------------------------------------------------

    def _refuse(self, wire: Wire, code: cython.int):
        """A stream that was never begun."""
        self.codec.reset(wire, code)
        return self._spend_reset()

    def _misused(self, stream: Stream):
        self._drop(stream, ErrorCode.PROTOCOL_ERROR)
        return self._spend_reset()

    def _spend_reset(self):
        if not self.resets.spend(self.clock()):
            self.codec.fail(ErrorCode.ENHANCE_YOUR_CALM)
        return 0

    def _answered(self, stream: Stream):
        """The answer is whole."""
        inner: Inner = stream.inner
        self._forget(stream)
        if stream.reusable() and not self.leaving:
            inner.stream = None
            inner.idle_since = self.clock()
            self.idle.append(inner)
        else:
            self.gateway.close_inner(inner)
        return 0

    def _drop(self, stream: Stream, code: cython.int):
        """It ends without a whole answer. code: what the peer is told, KNOWS where it is told already."""
        stream.drop_request()
        if code != KNOWS:
            self.codec.reset(stream.wire, code)
        self._forget(stream)
        self.left.append(stream.inner.connection)
        self.gateway.close_inner(stream.inner)
        return 0

    def _forget(self, stream: Stream):
        stream.wire.owner = None
        self.streams.pop(stream.wire.number, None)
        self.blocked.pop(stream, None)
        return 0

    def _end(self):
        """No stream goes on; what was said is sent, and the connection ends."""
        stream: Stream
        if self.over:
            return 0
        self.over = True
        self._say()
        for stream in list(self.streams.values()):
            self._forget(stream)
            self.gateway.close_inner(stream.inner)
        for inner in self.idle:
            self.gateway.close_inner(inner)
        self.idle.clear()
        self.left.clear()
        self.to_pump.clear()
        self.to_push.clear()
        self.conversation.carries(0)
        self.conversation.finish()
        return 0
