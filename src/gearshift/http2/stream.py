"""One stream: its request goes into an inner connection, the answer comes out of it. With the session's lock held."""

from __future__ import annotations

from collections import deque
from enum import Enum

from h2.errors import ErrorCodes

from gearshift.http2.answer import AnswerReader, BrokenAnswer, Kind, Part
from gearshift.http2.request_head import MalformedRequest, RequestHead, trailer_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from gearshift.http2.inner import Inner
    from gearshift.http2.session import Session

Fields = list[tuple[bytes, bytes]]

MOST_READ = 65_536  # bytes of an answer at once
HEAD_READ = 16_384  # bytes, as long as its head has not come: what is behind it may have to wait
JOINED = 65_536  # bytes of a request that are sent together
END_OF_CHUNKS = b"0\r\n"


class Pumped(Enum):
    """What became of an attempt to send more of an answer."""

    MORE = "there may be more"
    DRY = "nothing has come yet"
    BLOCKED = "the peer's windows are closed"
    OVER = "the answer is whole, or broken"


class Stream:
    """number: as HTTP/2 knows it. asked: the request has come to its end. since: when a window was found closed, in
    monotonic seconds; 0 while it is open. queued: its turn to be pumped comes.
    """

    def __init__(self, number: int, session: Session, inner: Inner, head: RequestHead, ended: bool) -> None:
        self.number = number
        self.inner = inner
        self.asked = ended
        self.since = 0.0
        self.queued = False
        self._session = session
        self._chunked = head.chunked
        self._tunnel = head.tunnel
        self._missing = (
            head.length
        )  # bytes of the body that were announced and have not come; None: nothing was
        self._reader = AnswerReader(b"GET" if head.tunnel else head.method)
        self._upload: deque[tuple[bytes | memoryview, int]] = deque([(head.text, 0)])
        self._dropping = False  # the inner connection takes no more of the request
        self._waits_for_room = False
        self._parked = bytearray()  # of the answer, until the peer opens its windows
        self._trailers: Fields | None = None
        self._head: Fields | None = None
        inner.stream = self
        inner.served = inner.connection.requests

    # ---- the request ------------------------------------------------------------------------------------------

    def body(self, data: bytes, credit: int) -> None:
        """credit: what the peer's windows get back once the inner connection has taken it."""
        if self._missing is not None:
            self._missing -= len(data)
        if self._dropping:
            self._session.acknowledge(self.number, credit)
        elif self._chunked and data:
            self._upload.append((b"%x\r\n%b\r\n" % (len(data), data), credit))
        else:
            self._upload.append((data, credit))

    def trailers(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """They can be carried behind chunks only. Raises MalformedRequest."""
        lines = trailer_lines(fields)
        if self._tunnel:
            raise MalformedRequest("trailers in a tunnel")
        if self._chunked:
            self._upload.append((b"%b%b\r\n" % (END_OF_CHUNKS, lines), 0))
            self._chunked = False

    def request_ends(self) -> None:
        self.asked = True
        if self._chunked:
            self._upload.append((b"0\r\n\r\n", 0))

    def push(self) -> None:
        """Gives the inner connection what it takes of the request now."""
        while self._upload:
            data, credit = self._upload[0] if len(self._upload) == 1 else self._joined()
            try:
                taken = self.inner.far.send(data)
            except BlockingIOError:
                break
            except OSError:
                self.drop_request()
                return
            if taken < len(data):
                self._upload[0] = (memoryview(data)[taken:], credit)
                continue
            self._upload.popleft()
            if credit:
                self._session.acknowledge(self.number, credit)
        if self._waits_for_room != bool(self._upload):
            self._waits_for_room = not self._waits_for_room
            self._session.gateway.ask_for_room(self.inner, self._waits_for_room)
        if self._tunnel and self.asked and not self._upload and not self._dropping:
            self._dropping = True
            self.inner.end_request()

    def _joined(self) -> tuple[bytes | memoryview, int]:
        """The first pieces as one, as far as that is worth copying."""
        pieces: list[bytes | memoryview] = []
        size = credits = 0
        while self._upload and (not pieces or size + len(self._upload[0][0]) <= JOINED):
            data, credit = self._upload.popleft()
            pieces.append(data)
            size += len(data)
            credits += credit
        self._upload.appendleft((b"".join(pieces), credits))
        return self._upload[0]

    def drop_request(self) -> None:
        """What waits of it goes nowhere; the peer gets back what its windows hold."""
        self._dropping = True
        for _, credit in self._upload:
            if credit:
                self._session.acknowledge(self.number, credit)
        self._upload.clear()

    # ---- the answer -------------------------------------------------------------------------------------------

    @property
    def reusable(self) -> bool:
        """Whether another stream may use its inner connection."""
        return (
            self._reader.part is Part.DONE
            and self._reader.keeps
            and (self.asked or self._missing == 0)
            and not self._upload
            and not self._dropping
        )

    def pump(self) -> Pumped:
        """Sends one piece more of the answer."""
        inner = self.inner
        if self._parked:
            return self._send()
        if not inner.readable:
            return Pumped.DRY
        size = HEAD_READ
        if self._reader.part is not Part.HEAD:
            size = min(self._session.window(self.number), MOST_READ)
            if size <= 0:
                return Pumped.BLOCKED
        try:
            data = inner.far.recv(size)
        except BlockingIOError:
            inner.readable = False
            return Pumped.DRY
        except OSError:
            data = b""
        if 0 < len(data) < size and not inner.hung_up:
            inner.readable = False
        try:
            if data:
                self._take(self._reader.read(data))
            else:
                inner.hung_up = True
                self._reader.end()
        except BrokenAnswer:
            self._session.broken(self)
            return Pumped.OVER
        return self._send()

    def _take(self, events: list[tuple[Kind, Any]]) -> None:
        for kind, what in events:
            if kind is Kind.DATA:
                self._parked += what
            elif kind is Kind.TRAILERS:
                self._trailers = what
            elif kind is Kind.INTERIM:
                self._session.h2.send_headers(self.number, what)
            else:
                self._head = what if not self._tunnel else self._tunnelled(what)

    def _tunnelled(self, fields: Fields) -> Fields:
        """RFC 8441 section 5: 200 is what 101 was; an answer of another kind must not look like it."""
        status = fields[0][1]
        self._tunnel = status == b"101"
        if self._tunnel:
            fields = [field for field in fields[1:] if field[0] != b"sec-websocket-accept"]
            return [(b":status", b"200"), *fields]
        return [(b":status", b"501"), *fields[1:]] if status[:1] == b"2" else fields

    def _send(self) -> Pumped:
        """What the windows take of what has come."""
        h2 = self._session.h2
        ended = self._reader.part is Part.DONE
        if self._head is not None:
            whole = ended and not self._parked and self._trailers is None
            h2.send_headers(self.number, self._head, end_stream=whole)
            self._head = None
            if whole:
                return self._over()
        while self._parked:
            size = min(self._session.window(self.number), h2.max_outbound_frame_size, len(self._parked))
            if size <= 0:
                return Pumped.BLOCKED
            whole = ended and size == len(self._parked) and self._trailers is None
            h2.send_data(self.number, bytes(self._parked[:size]), end_stream=whole)
            self._session.sent(self)
            del self._parked[:size]
            if whole:
                return self._over()
        if ended:
            if self._trailers is not None:
                h2.send_headers(self.number, self._trailers, end_stream=True)
            else:
                h2.end_stream(self.number)
            return self._over()
        return Pumped.MORE

    def _over(self) -> Pumped:
        """RFC 9113 section 8.1: what is left of the request is not wanted. Where that is only its end, which many
        clients say in a frame of its own, it is waited for: to them a reset would be an error.
        """
        if not self.asked and self._missing == 0:
            self._session.is_cut(self.number)
        elif not self.asked:
            self.drop_request()
            self._session.cut(self.number, ErrorCodes.NO_ERROR)
        self._session.answered(self)
        return Pumped.OVER
