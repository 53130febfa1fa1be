"""The server's end of an HTTP/2 connection (RFC 9113), without socket, clock or policy.

Octets that come are told to a Listener as requests, data and ends; what is to be said gathers until said() takes it.
Frames are read by frame_reader.py, header blocks by header_decoder.py; here is what a frame means where its stream
stands (stream_states.py), flow control both ways (section 5.2), and the peer's settings. Frames that are sent have the
smallest size that every peer takes, whatever it offers: other streams get between them.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.http2.codec import REMEMBERED
from cython.cimports.gearshift.http2.codes import ErrorCode
from cython.cimports.gearshift.http2.frame_reader import FrameReader
from cython.cimports.gearshift.http2.frames import (
    FIRST_WINDOW,
    LARGEST_FRAME_LIMIT,
    LARGEST_WINDOW,
    SMALLEST_FRAME_LIMIT,
    Flag,
    FrameKind,
    Setting,
    read_number,
    write_block,
    write_goaway,
    write_header,
    write_settings,
    write_short,
)
from cython.cimports.gearshift.http2.header_decoder import HeaderDecoder
from cython.cimports.gearshift.http2.header_encoder import HeaderEncoder
from cython.cimports.gearshift.http2.stream_states import Outcome, Step, StreamState, outcome

from gearshift.http2.codes import Http2Error


class Listener:
    """Who is told what a peer says; every call comes from within Codec.receive()."""

    def request(self, wire: Wire, fields: list, ended: cython.bint) -> None:
        """A stream begins; `wire.owner` is the listener's to use. ended: nothing follows the head."""
        raise NotImplementedError

    def data(self, wire: Wire, data: bytes, credit: cython.Py_ssize_t, ended: cython.bint) -> None:
        """credit: octets of the windows, which acknowledge() gives back."""
        raise NotImplementedError

    def trailers(self, wire: Wire, fields: list) -> None:
        """They end the request."""
        raise NotImplementedError

    def was_reset(self, wire: Wire) -> None:
        """By the peer, or for what it did, and then it is told. The stream may be over already."""
        raise NotImplementedError

    def window_opened(self) -> None:
        """More may be sent than before."""
        raise NotImplementedError

    def asked(self) -> None:
        """A frame that asks for attention and brings no request."""
        raise NotImplementedError

    def goaway(self) -> None:
        """The peer begins no further stream."""
        raise NotImplementedError


class Wire:
    """One stream as the codec knows it. may_leave, may_come: octets of data, as windows let them."""


class Codec:
    """most_streams: at once. most_head: octets of a header list. window: octets of each stream's data on their way."""

    def __init__(
        self,
        listener: Listener,
        most_streams: cython.int,
        most_head: cython.Py_ssize_t,
        window: cython.longlong,
    ):
        self.listener = listener
        self.most_streams = most_streams
        self.most_head = most_head
        self.window = window
        self.connection_window = min((most_streams + 1) * window + FIRST_WINDOW, LARGEST_WINDOW)
        self.may_come = self.connection_window
        self.may_leave = self.peer_window = FIRST_WINDOW
        self.reader = FrameReader(most_head)
        self.decoder = HeaderDecoder(most_head)
        self.encoder = HeaderEncoder()
        self.output = Output()
        self.streams = {}

    # ---- saying --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The server's preface (section 3.4)."""
        settings = {
            Setting.MAX_CONCURRENT_STREAMS: self.most_streams,
            Setting.INITIAL_WINDOW_SIZE: self.window,
            Setting.MAX_HEADER_LIST_SIZE: self.most_head,
            Setting.ENABLE_CONNECT_PROTOCOL: 1,
        }
        write_settings(self.output, settings)
        write_short(self.output, FrameKind.WINDOW_UPDATE, 0, self.connection_window - FIRST_WINDOW)

    def said(self):
        """What is to be sent since the last call."""
        output: Output = self.output
        data: bytes = PyBytes_FromStringAndSize(output.buffer + output.start, output.end - output.start)
        output.clear()
        return data

    def room(self, wire: Wire) -> cython.longlong:
        """Octets of data that both windows let leave on that stream; below 1: none."""
        return min(self.may_leave, wire.may_leave)

    def send_head(self, wire: Wire, fields: list, ended: cython.bint) -> None:
        """A head or trailers: fields with their names in lower case."""
        self.send_block(wire, self.encoder.encode(fields), ended)

    def send_block(self, wire: Wire, block: bytes, ended: cython.bint):
        self._step(wire, Step.SEND)
        write_block(
            self.output,
            wire.number,
            PyBytes_AS_STRING(block),
            PyBytes_GET_SIZE(block),
            SMALLEST_FRAME_LIMIT,
            ended,
        )
        if ended:
            self._step(wire, Step.SEND_END)
        return 0

    def data_room(self, wire: Wire) -> cython.Py_ssize_t:
        """Octets of the next frame of data on that stream; below 1: none may leave."""
        return min(self.room(wire), SMALLEST_FRAME_LIMIT)

    def send_data(self, wire: Wire, data: cython.p_const_char, size: cython.Py_ssize_t, ended: cython.bint):
        """One frame, within data_room(). ended: it is the last."""
        self._step(wire, Step.SEND)
        write_header(self.output, size, FrameKind.DATA, Flag.END_STREAM if ended else 0, wire.number)
        self.output.write(data, size)
        self.may_leave -= size
        wire.may_leave -= size
        self.data_sent += 1
        if ended:
            self._step(wire, Step.SEND_END)
        return 0

    def frames_of_data(self) -> cython.int:
        """How many were sent since the last call."""
        count: cython.int = self.data_sent
        self.data_sent = 0
        return count

    def unsaid(self) -> cython.longlong:
        """Octets that said() would give."""
        return self.output.pending

    def reset(self, wire: Wire, code: cython.uint) -> None:
        """Nothing more is said or heard on that stream."""
        write_short(self.output, FrameKind.RST_STREAM, wire.number, code)
        self._step(wire, Step.SEND_RESET)

    def acknowledge(self, wire: Wire, credit: cython.Py_ssize_t) -> None:
        """The windows get back so many octets; told in few frames, since a window is wide."""
        self._acknowledge_connection(credit)
        if wire.state != StreamState.OPEN and wire.state != StreamState.HALF_CLOSED_LOCAL:
            return
        wire.taken += credit
        if 2 * wire.taken >= self.window:
            write_short(self.output, FrameKind.WINDOW_UPDATE, wire.number, wire.taken)
            wire.may_come += wire.taken
            wire.taken = 0

    def _acknowledge_connection(self, credit: cython.Py_ssize_t):
        self.taken += credit
        if 2 * self.taken >= self.connection_window:
            write_short(self.output, FrameKind.WINDOW_UPDATE, 0, self.taken)
            self.may_come += self.taken
            self.taken = 0
        return 0

    def leave(self) -> None:
        """No stream begins any more; those that have begun go on (section 6.8)."""
        write_goaway(self.output, self.highest, ErrorCode.NO_ERROR)

    def fail(self, code: cython.uint) -> None:
        """A connection error (section 5.4.1): nothing more is heard."""
        if not self.over:
            self.over = True
            write_goaway(self.output, self.highest, code)

    # ---- hearing -------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Tells the listener what these octets mean. Once `over` is true nothing more means anything."""
        if self.over:
            return
        try:
            self.reader.feed(data)
            while not self.over and self.reader.next():
                self._heard()
        except Http2Error as error:
            self.fail(error.code)

    def _heard(self):
        kind: cython.int = self.reader.kind
        if kind == FrameKind.HEADERS:
            self._headers()
        elif kind == FrameKind.DATA:
            self._data()
        elif kind == FrameKind.RST_STREAM:
            self._rst_stream()
        elif kind == FrameKind.GOAWAY:
            self.listener.goaway()
        else:
            self.listener.asked()
            if self.over:
                return 0
            if kind == FrameKind.WINDOW_UPDATE:
                self._window_update()
            elif kind == FrameKind.SETTINGS:
                self._settings()
            elif kind == FrameKind.PING:
                self._ping()
            elif kind == FrameKind.PRIORITY:
                self.reader.judge_priority()
        return 0

    def _headers(self):
        number: cython.uint = self.reader.stream
        ended: cython.bint = self.reader.flags & Flag.END_STREAM
        fields: list = self.decoder.read(self.reader.payload, self.reader.length)
        wire: Wire = self.streams.get(number)
        if wire is None:
            wire = self._over_or_idle(number)
            if wire.state == StreamState.IDLE:
                return self._begin_stream(wire, fields, ended)
        if not self._allows(wire, Step.RECEIVE_HEADERS):
            return 0
        if not ended:  # section 8.1: a second one is trailers, and they are last
            return self._stream_error(wire, ErrorCode.PROTOCOL_ERROR)
        self._step(wire, Step.RECEIVE_END)
        self.listener.trailers(wire, fields)
        return 0

    def _begin_stream(self, wire: Wire, fields: list, ended: cython.bint):
        self._step(wire, Step.RECEIVE_HEADERS)
        self.highest = wire.number
        self.streams[wire.number] = wire
        if len(self.streams) > self.most_streams:
            return self._stream_error(wire, ErrorCode.REFUSED_STREAM)
        wire.may_leave = self.peer_window
        wire.may_come = self.window
        if ended:
            self._step(wire, Step.RECEIVE_END)
        self.listener.request(wire, fields, ended)
        return 0

    def _data(self):
        reader: FrameReader = self.reader
        credit: cython.Py_ssize_t = reader.credit
        ended: cython.bint = reader.flags & Flag.END_STREAM
        wire: Wire = self.streams.get(reader.stream)
        self.may_come -= credit
        if self.may_come < 0:
            raise Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "more data than the window allows")
        if wire is None:
            wire = self._over_or_idle(reader.stream)
        if not self._allows(wire, Step.RECEIVE_DATA):
            return self._acknowledge_connection(credit)
        wire.may_come -= credit
        if wire.may_come < 0:
            self._acknowledge_connection(credit)
            return self._stream_error(wire, ErrorCode.FLOW_CONTROL_ERROR)
        data: bytes = PyBytes_FromStringAndSize(
            cython.cast(cython.p_const_char, reader.payload), reader.length
        )
        if ended:
            self._step(wire, Step.RECEIVE_END)
        elif reader.length == 0:
            self.listener.asked()
            if self.over:
                return 0
        self.listener.data(wire, data, credit, ended)
        return 0

    def _rst_stream(self):
        wire: Wire = self.streams.get(self.reader.stream)
        if wire is None:
            wire = self._over_or_idle(self.reader.stream)
        if self._allows(wire, Step.RECEIVE_RESET):
            self._step(wire, Step.RECEIVE_RESET)
            self.listener.was_reset(wire)
        return 0

    def _window_update(self):
        number: cython.uint = self.reader.stream
        increment: cython.longlong = read_number(self.reader.payload) & 0x7FFFFFFF
        wire: Wire
        if number == 0:
            if increment == 0:
                raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a window opened by nothing")
            self.may_leave += increment
            if self.may_leave > LARGEST_WINDOW:
                raise Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too wide")
            self.listener.window_opened()
            return 0
        wire = self.streams.get(number)
        if wire is None:
            wire = self._over_or_idle(number)
        if not self._allows(wire, Step.RECEIVE_WINDOW):
            return 0
        if increment == 0:
            return self._stream_error(wire, ErrorCode.PROTOCOL_ERROR)
        wire.may_leave += increment
        if wire.may_leave > LARGEST_WINDOW:
            return self._stream_error(wire, ErrorCode.FLOW_CONTROL_ERROR)
        self.listener.window_opened()
        return 0

    def _settings(self):
        place: cython.p_const_uchar = self.reader.payload
        end: cython.p_const_uchar = place + self.reader.length
        if self.reader.flags & Flag.ACK:
            return 0
        while place < end:
            self._setting((place[0] << 8) | place[1], read_number(place + 2))
            place += 6
        write_header(self.output, 0, FrameKind.SETTINGS, Flag.ACK, 0)
        self.listener.window_opened()
        return 0

    def _setting(self, number: cython.int, value: cython.longlong):
        """Section 6.5.2; RFC 8441 section 3."""
        wire: Wire
        if number == Setting.HEADER_TABLE_SIZE:
            self.encoder.resize(value)
        elif number == Setting.ENABLE_PUSH or number == Setting.ENABLE_CONNECT_PROTOCOL:
            if value > 1:
                raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a setting that is neither 0 nor 1")
        elif number == Setting.MAX_FRAME_SIZE:
            if value < SMALLEST_FRAME_LIMIT or value > LARGEST_FRAME_LIMIT:
                raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a frame size that is not allowed")
        elif number == Setting.INITIAL_WINDOW_SIZE:
            if value > LARGEST_WINDOW:
                raise Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too wide")
            for each in self.streams.values():
                wire = each
                wire.may_leave += value - self.peer_window
                if wire.may_leave > LARGEST_WINDOW:
                    raise Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too wide")
            self.peer_window = value
        return 0

    def _ping(self):
        if not self.reader.flags & Flag.ACK:
            write_header(self.output, 8, FrameKind.PING, Flag.ACK, 0)
            self.output.write(cython.cast(cython.p_const_char, self.reader.payload), 8)
        return 0

    # ---- states --------------------------------------------------------------------------------------------------

    def _over_or_idle(self, number: cython.uint):
        """A stream that is not open. Raises Http2Error where the peer may never begin it (section 5.1.1)."""
        wire: Wire = Wire()
        slot: cython.uint = (number >> 1) % REMEMBERED
        wire.number = number
        if number % 2 == 0:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a client's stream has an even number")
        if number <= self.highest:
            wire.state = (
                cython.cast(StreamState, self.ended_as[slot])
                if self.ended[slot] == number
                else StreamState.FORGOTTEN
            )
        return wire

    def _allows(self, wire: Wire, step: Step) -> cython.bint:
        """Whether the frame means something where that stream stands; what follows where it does not has been done."""
        after: cython.int = outcome(wire.state, step)
        if after < Outcome.STAY:
            return True
        if after == Outcome.CLOSED_TO_STREAM:
            self._stream_error(wire, ErrorCode.STREAM_CLOSED)
        elif after == Outcome.DROP:
            if step != Step.RECEIVE_WINDOW:
                self.listener.asked()
        elif after == Outcome.CLOSED_TO_ALL:
            raise Http2Error(ErrorCode.STREAM_CLOSED, "a frame on a closed stream")
        else:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a frame on a stream that was never begun")
        return False

    def _step(self, wire: Wire, step: Step):
        after: cython.int = outcome(wire.state, step)
        if after >= Outcome.STAY:
            raise RuntimeError(f"stream {wire.number} was {wire.state} and was to {step}")
        self._enter(wire, cython.cast(StreamState, after))
        return 0

    def _enter(self, wire: Wire, state: StreamState):
        slot: cython.uint
        wire.state = state
        if state >= StreamState.CLOSED:
            slot = (wire.number >> 1) % REMEMBERED
            self.ended[slot] = wire.number
            self.ended_as[slot] = cython.cast(cython.uchar, state)
            self.streams.pop(wire.number, None)
        return 0

    def _stream_error(self, wire: Wire, code: cython.uint):
        """Section 5.4.2. The stream may be over already, and told of once more."""
        write_short(self.output, FrameKind.RST_STREAM, wire.number, code)
        self._enter(wire, StreamState.RESET_BY_US)
        self.listener.was_reset(wire)
        return 0
