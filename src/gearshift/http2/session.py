"""The streams of one HTTP/2 connection. Frames and their rules are h2's; what may be done how often, and what becomes
of a stream, stand here.

Two threads come here, each with the lock: the engine's, which has read from the peer (receive), and the gateway's,
which was told of inner sockets or of time (ready, tick). With it held nobody asks for another lock.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from threading import Lock
from time import monotonic

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    PingAckReceived,
    PingReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    RequestReceived,
    SettingsAcknowledged,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    UnknownFrameReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from gearshift.http2.allowance import Allowance
from gearshift.http2.frames import ACK, DATA, SETTINGS, FrameWalk
from gearshift.http2.request_head import MalformedRequest, request_head
from gearshift.http2.stream import Pumped, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.connection import Connection
    from gearshift.http2.conversation import Http2Conversation
    from gearshift.http2.gateway import Gateway
    from gearshift.http2.inner import Inner

STREAM_WINDOW = 131_072  # bytes of a request that may be on their way, and wait for the inner connection
MOST_UNSENT = 131_072  # bytes made for the peer that the socket has not taken; past it no answer is read
MOST_CUT = 1000  # streams that are remembered as having been reset
KEPT_FOR = 1.0  # seconds that an inner connection is kept at rest
# Frames that ask for work and bring none: at once, a second, and for each frame of data that was sent, which a peer may
# well answer with two WINDOW_UPDATEs.
FRAMES_AT_ONCE = 2000
FRAMES_A_SECOND = 200
FRAMES_FOR_DATA = 4


class Session:
    """conversation: its connection, as the engine knows it. clock: monotonic seconds."""

    def __init__(
        self,
        conversation: Http2Conversation,
        gateway: Gateway,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        terms = gateway.terms
        self.conversation = conversation
        self.gateway = gateway
        self.streams: dict[int, Stream] = {}
        self.over = False
        self.h2 = _connection(terms.streams, terms.head)
        self._lock = Lock()
        self._clock = clock
        self._most = terms.streams
        self._idle: list[Inner] = []
        self._left: list[Connection] = []  # their streams were reset while their requests ran
        self._to_push: dict[Stream, None] = {}
        self._to_pump: deque[Stream] = deque()  # in turn; each once
        self._blocked: dict[Stream, None] = {}
        self._walk = FrameWalk()
        self._cut: dict[
            int, None
        ] = {}  # streams that either side has reset lately: more of them may be on its way
        self._leaving = False  # no further stream is begun
        now = clock()
        self._resets = Allowance(2.0 * terms.streams, terms.streams, now)
        self._frames = Allowance(FRAMES_AT_ONCE, FRAMES_A_SECOND, now)

    # ---- from the two threads ---------------------------------------------------------------------------------

    def begin(self) -> None:
        """Says the server's preface, then hears what has come already."""
        with self._lock:
            self.h2.initiate_connection()
            self.h2.increment_flow_control_window((self._most + 1) * STREAM_WINDOW)
            early = self.conversation.begin(self)
            if early is None:
                self.over = True
                return
            self._say()
            if early:
                self._hear(b"".join(early))
            self._turn()

    def receive(self, data: bytes) -> None:
        """The engine's thread: what has come from the peer, or nothing, but there may be room to send more."""
        with self._lock:
            if self.over:
                return
            if data:
                self._hear(data)
            self._turn()

    def ready(self, told: list[tuple[Inner, int]]) -> None:
        """The gateway's thread: inner sockets that have something, or take something."""
        with self._lock:
            for inner, mask in told:
                self._note(inner, mask)
            if not self.over:
                self._turn()

    def tick(self, now: float) -> None:
        """The gateway's thread: what time alone changes."""
        with self._lock:
            if self.over:
                return
            while self._idle and now - self._idle[0].idle_since > KEPT_FOR:
                self.gateway.close_inner(self._idle.pop(0))
            for stream in list(self._blocked):
                if now - stream.since > self.gateway.terms.write:
                    self._drop(stream, ErrorCodes.CANCEL)
            self._turn()

    def lost(self) -> None:
        """The connection is closed: applications hear that their clients have left."""
        with self._lock:
            self._end()

    # ---- for the streams --------------------------------------------------------------------------------------

    def window(self, number: int) -> int:
        return self.h2.local_flow_control_window(number)

    def acknowledge(self, number: int, size: int) -> None:
        """The peer may send so many bytes more."""
        self.h2.acknowledge_received_data(size, number)

    def sent(self, stream: Stream) -> None:
        """A frame of data has left."""
        stream.since = 0.0
        self._frames.earn(FRAMES_FOR_DATA)

    def cut(self, number: int, code: ErrorCodes) -> None:
        """Resets the stream. (h2 may be ahead, and know of frames that have closed it already.)"""
        with suppress(ProtocolError):
            self.h2.reset_stream(number, code)
        self.is_cut(number)

    def is_cut(self, number: int) -> None:
        if len(self._cut) >= MOST_CUT:
            del self._cut[next(iter(self._cut))]
        self._cut[number] = None

    def answered(self, stream: Stream) -> None:
        """The answer is whole."""
        inner = stream.inner
        reusable = stream.reusable
        self._forget(stream)
        if reusable and not self._leaving:
            inner.stream = None
            inner.idle_since = self._clock()
            self._idle.append(inner)
        else:
            self.gateway.close_inner(inner)

    def broken(self, stream: Stream) -> None:
        """The inner connection has ended in the middle of an answer, or without one."""
        untouched = stream.inner.never_began
        self._drop(stream, ErrorCodes.REFUSED_STREAM if untouched else ErrorCodes.INTERNAL_ERROR)

    # ---- one turn -----------------------------------------------------------------------------------------------

    def _hear(self, data: bytes) -> None:
        """Gives h2 what has come, but for what it would let pass (RFC 9113 sections 5.1 and 6.5; too large heads)."""
        data = self._walk.joined(data)
        start = 0
        for at, kind, flags, number, length in self._walk.walk(data):
            code = None
            if kind == DATA and number not in self.streams:
                self._read(data[start:at])
                start = at
                if 0 < number <= self.h2.highest_inbound_stream_id and number not in self._cut:
                    code = None if number in self.streams else ErrorCodes.STREAM_CLOSED
            elif kind == SETTINGS and flags & ACK and length:
                code = ErrorCodes.FRAME_SIZE_ERROR
            elif self._walk.block > self.gateway.terms.head:
                code = ErrorCodes.ENHANCE_YOUR_CALM
            if code is not None or kind < 0:
                self._read(data[start:at])
                if code is not None:
                    self._refuse_all(code)
                return
            if self.over:
                return
        self._read(data[start:])

    def _read(self, data: bytes) -> None:
        if not data or self.over:
            return
        try:
            events = self.h2.receive_data(data)
        except ProtocolError:
            self._end()  # h2 has made the GOAWAY that says why
            return
        for event in events:
            hear = HEARD.get(type(event))
            if hear is not None and not self.over:
                hear(self, event)

    def _turn(self) -> None:
        """Whatever can be done now: requests into inner connections, answers out of them."""
        if self.conversation.draining and not self._leaving:
            self._leave()
        while self._to_push:
            self._to_push.popitem()[0].push()
        self._say()
        while self._to_pump and self.conversation.unsent < MOST_UNSENT:
            stream = self._to_pump.popleft()
            stream.queued = False
            self._pump(stream)
            self._say()
        if self._leaving and not self.streams:
            self._end()
        self.conversation.carries(len(self.streams))

    def _pump(self, stream: Stream) -> None:
        if self.streams.get(stream.number) is not stream:
            return
        pumped = stream.pump()
        if pumped is Pumped.MORE:
            self._queue(stream)
        elif pumped is Pumped.BLOCKED:
            self._blocked[stream] = None
            stream.since = stream.since or self._clock()

    def _say(self) -> None:
        data = self.h2.data_to_send()
        if data:
            self.conversation.say(data)

    def _note(self, inner: Inner, mask: int) -> None:
        """What epoll has told of it."""
        stream = inner.stream
        inner.readable |= bool(mask & ~EPOLLOUT)
        inner.hung_up |= bool(mask & HANGING_UP)
        if stream is None:
            if inner.hung_up and inner in self._idle:
                self._idle.remove(inner)
                self.gateway.close_inner(inner)
            return
        if mask & EPOLLOUT:
            self._to_push[stream] = None
        if inner.readable and stream not in self._blocked:
            self._queue(stream)

    def _queue(self, stream: Stream) -> None:
        if not stream.queued:
            stream.queued = True
            self._to_pump.append(stream)

    # ---- what the peer says -------------------------------------------------------------------------------------

    def _request(self, event: RequestReceived) -> None:
        number = event.stream_id
        ended = event.stream_ended is not None
        self.conversation.begun()
        if self._leaving or len(self.streams) + self._still_running() >= self._most:
            self._refuse(number, ErrorCodes.REFUSED_STREAM)
            return
        try:
            head = request_head(event.headers, ended)
        except MalformedRequest:
            self._refuse(number, ErrorCodes.PROTOCOL_ERROR)
            return
        inner = self._inner()
        if inner is None:
            self._refuse(number, ErrorCodes.REFUSED_STREAM)
            return
        stream = self.streams[number] = Stream(number, self, inner, head, ended)
        self._to_push[stream] = None

    def _inner(self) -> Inner | None:
        """One that rests, the one used last first; or a new one."""
        for index in range(len(self._idle) - 1, -1, -1):
            if self._idle[index].rests:
                return self._idle.pop(index)
        return self.gateway.open_inner(self)

    def _still_running(self) -> int:
        """Requests whose streams were reset and whose handlers have not heard of it yet (CVE-2023-44487)."""
        if self._left:
            self._left = [connection for connection in self._left if connection.fd >= 0]
        return len(self._left)

    def _data(self, event: DataReceived) -> None:
        stream = self.streams.get(event.stream_id)
        if not event.data and event.stream_ended is None and not self._frames.spend(self._clock()):
            self._calm()
        elif stream is None:
            self.acknowledge(event.stream_id, event.flow_controlled_length)
        else:
            stream.body(event.data, event.flow_controlled_length)
            self._to_push[stream] = None

    def _trailers(self, event: TrailersReceived) -> None:
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            try:
                stream.trailers(event.headers)
            except MalformedRequest:
                self._misused(stream)

    def _ended(self, event: StreamEnded) -> None:
        stream = self.streams.get(event.stream_id)
        if stream is not None and not stream.asked:
            stream.request_ends()
            self._to_push[stream] = None

    def _reset(self, event: StreamReset) -> None:
        """By the peer; or by h2, for what the peer did (CVE-2025-8671)."""
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            self._drop(stream, None)
        self.is_cut(event.stream_id)
        self._spend_reset()

    def _window(self, event: WindowUpdated) -> None:
        self._asked(event)
        for stream in self._blocked:
            self._queue(stream)
        self._blocked.clear()

    def _asked(self, event: object) -> None:
        """A frame that asks for attention and brings no request."""
        if not self._frames.spend(self._clock()):
            self._calm()

    def _goaway(self, event: ConnectionTerminated) -> None:
        """The peer begins no more streams; those that are open are answered. (To h2 the connection is closed.)"""
        self.h2.state_machine.state = ConnectionState.SERVER_OPEN
        self._leaving = True

    # ---- what becomes of a stream -------------------------------------------------------------------------------

    def _refuse(self, number: int, code: ErrorCodes) -> None:
        """A stream that was never begun."""
        self.cut(number, code)
        self._spend_reset()

    def _misused(self, stream: Stream) -> None:
        self._drop(stream, ErrorCodes.PROTOCOL_ERROR)
        self._spend_reset()

    def _spend_reset(self) -> None:
        if not self._resets.spend(self._clock()):
            self._calm()

    def _drop(self, stream: Stream, code: ErrorCodes | None) -> None:
        """It ends without a whole answer. code: what the peer is told, None where it knows."""
        stream.drop_request()
        if code is not None:
            self.cut(stream.number, code)
        self._forget(stream)
        self._left.append(stream.inner.connection)
        self.gateway.close_inner(stream.inner)

    def _forget(self, stream: Stream) -> None:
        self.streams.pop(stream.number, None)
        self._blocked.pop(stream, None)
        self._to_push.pop(stream, None)

    # ---- the end ------------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """The server comes to its end: what has begun is answered. (After a GOAWAY of its own, h2 sends no more.)"""
        self._leaving = True
        self._say()
        frame = GoAwayFrame(0, last_stream_id=self.h2.highest_inbound_stream_id)
        self.conversation.say(frame.serialize())

    def _calm(self) -> None:
        """The peer asks for too much that costs it too little."""
        self._refuse_all(ErrorCodes.ENHANCE_YOUR_CALM)

    def _refuse_all(self, code: ErrorCodes) -> None:
        """A connection error (RFC 9113 section 5.4.1)."""
        if not self.over:
            self.h2.close_connection(code)
            self._end()

    def _end(self) -> None:
        """No stream goes on; what was said is sent, and the connection ends."""
        self.over = True
        self._say()
        for stream in list(self.streams.values()):
            self._forget(stream)
            self.gateway.close_inner(stream.inner)
        for inner in self._idle:
            self.gateway.close_inner(inner)
        self._idle.clear()
        self._left.clear()
        self._to_pump.clear()
        self.conversation.carries(0)
        self.conversation.finish()


def _connection(streams: int, head: int) -> H2Connection:
    """h2's, which checks frames and states; header lists are checked in request_head.py, whose faults cost a stream."""
    connection = H2Connection(
        H2Configuration(
            client_side=False,
            header_encoding=None,
            validate_inbound_headers=False,
            normalize_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
    )
    connection.local_settings = Settings(
        client=False,
        initial_values={
            SettingCodes.MAX_CONCURRENT_STREAMS: streams,
            SettingCodes.MAX_HEADER_LIST_SIZE: head,
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            SettingCodes.ENABLE_CONNECT_PROTOCOL: 1,
        },
    )
    connection.decoder.max_header_list_size = head
    return connection


EPOLLOUT = 4
HANGING_UP = 0x2000 | 0x10 | 0x8  # EPOLLRDHUP, EPOLLHUP, EPOLLERR

HEARD: dict[type, Callable[[Session, Any], None]] = {
    RequestReceived: Session._request,
    DataReceived: Session._data,
    TrailersReceived: Session._trailers,
    StreamEnded: Session._ended,
    StreamReset: Session._reset,
    WindowUpdated: Session._window,
    RemoteSettingsChanged: Session._window,
    PingReceived: Session._asked,
    PriorityUpdated: Session._asked,
    UnknownFrameReceived: Session._asked,
    SettingsAcknowledged: Session._asked,
    PingAckReceived: Session._asked,
    ConnectionTerminated: Session._goaway,
}
