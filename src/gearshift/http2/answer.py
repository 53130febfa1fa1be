"""Reads the answers of an inner connection: HTTP/1.1, written by this very server, and parsed strictly all the same.

Bytes in, events out. What breaks off, or is framed in a way that the server does not use within, is broken.
"""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST_HEAD = 1_048_576  # bytes; an application's own fields
LONGEST_LINE = 65_536  # bytes of a chunk's size or of a trailer
MOST_REMEMBERED = 512  # lines of heads, which come again and again
OF_THE_CONNECTION = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")
)
HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")


class BrokenAnswer(Exception):
    """What came is no answer, or ended before its end."""


class Part(Enum):
    """What comes next."""

    HEAD = "head"
    SIZED = "sized body"
    CHUNK_SIZE = "chunk size"
    CHUNK_DATA = "chunk data"
    CHUNK_END = "chunk end"
    TRAILERS = "trailers"
    TUNNEL = "tunnel"
    DONE = "done"


class Kind(Enum):
    """HEAD, with an interim status or a final one; DATA; TRAILERS. The end is Part.DONE."""

    INTERIM = "interim"
    HEAD = "head"
    DATA = "data"
    TRAILERS = "trailers"


class AnswerReader:
    """Reads one answer. method: of the request. part: what comes next. keeps: another request may follow it."""

    __slots__ = ("_buffer", "_due", "_method", "_trailers", "keeps", "part")

    _remembered: dict[bytes, tuple[bytes, bytes]] = {}  # noqa: RUF012 - of all readers

    def __init__(self, method: bytes) -> None:
        self._method = method
        self._buffer = b""
        self._due = 0
        self._trailers: list[tuple[bytes, bytes]] = []
        self.part = Part.HEAD
        self.keeps = True

    def read(self, data: bytes) -> list[tuple[Kind, Any]]:
        """What these bytes bring: (kind, fields) or (DATA, bytes). Raises BrokenAnswer."""
        events: list[tuple[Kind, Any]] = []
        self._buffer = self._buffer + data if self._buffer else data
        while self._buffer and self._step(events):
            pass
        if self.part is Part.DONE and self._buffer:
            raise BrokenAnswer("bytes behind the end")
        return events

    def end(self) -> None:
        """Nothing more comes. Raises BrokenAnswer where something was due."""
        if self.part is Part.TUNNEL:
            self.part = Part.DONE
        if self.part is not Part.DONE:
            raise BrokenAnswer(f"it ended before its {self.part.value}")

    def _step(self, events: list[tuple[Kind, Any]]) -> bool:
        """Reads one thing; False where more bytes are needed."""
        part = self.part
        if part is Part.HEAD:
            return self._head(events)
        if part is Part.SIZED or part is Part.CHUNK_DATA:
            piece, self._buffer = self._buffer[: self._due], self._buffer[self._due :]
            self._due -= len(piece)
            events.append((Kind.DATA, piece))
            if not self._due:
                self.part = Part.DONE if part is Part.SIZED else Part.CHUNK_END
            return True
        if part is Part.TUNNEL:
            events.append((Kind.DATA, self._buffer))
            self._buffer = b""
            return False
        return part is not Part.DONE and self._line(events)

    def _line(self, events: list[tuple[Kind, Any]]) -> bool:
        """A line of the chunked coding."""
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > LONGEST_LINE:
                raise BrokenAnswer("a line without an end")
            return False
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        if self.part is Part.CHUNK_END:
            if line:
                raise BrokenAnswer("a chunk that is longer than its size")
            self.part = Part.CHUNK_SIZE
        elif self.part is Part.CHUNK_SIZE:
            if not line or len(line) > 15 or not HEXADECIMAL.issuperset(line):
                raise BrokenAnswer("a chunk's size")
            self._due = int(line, 16)
            self.part = Part.CHUNK_DATA if self._due else Part.TRAILERS
        elif line:
            self._trailers.append(self._field(line))
        else:
            self.part = Part.DONE
            if self._trailers:
                events.append((Kind.TRAILERS, self._trailers))
        return True

    def _head(self, events: list[tuple[Kind, Any]]) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > LONGEST_HEAD:
                raise BrokenAnswer("a head without an end")
            return False
        first, *lines = self._buffer[:end].split(b"\r\n")
        self._buffer = self._buffer[end + 4 :]
        status = first[9:12]
        if not first.startswith(b"HTTP/1.1 ") or not status.isdigit() or first[12:13] != b" ":
            raise BrokenAnswer("a status line")
        fields = [(b":status", status)]
        length = -1
        chunked = False
        for line in lines:
            field = self._remembered.get(line) or self._field(line)
            name, value = field
            if name in OF_THE_CONNECTION:
                chunked |= name == b"transfer-encoding" and value == b"chunked"
                self.keeps &= name != b"connection" or b"close" not in value.lower()
                continue
            if name == b"content-length":
                length = int(value)
            fields.append(field)
        if status[:1] == b"1" and status != b"101":
            events.append((Kind.INTERIM, fields))
            return True
        events.append((Kind.HEAD, fields))
        self._due = max(length, 0)
        self.part = self._after_head(status, length, chunked)
        return True

    def _after_head(self, status: bytes, length: int, chunked: bool) -> Part:
        """RFC 9112 section 6.3."""
        if status == b"101":
            self.keeps = False
            return Part.TUNNEL
        if self._method == b"HEAD" or status in (b"204", b"304"):
            return Part.DONE
        if chunked:
            return Part.CHUNK_SIZE
        if length < 0:
            raise BrokenAnswer("a body that nothing frames")
        return Part.SIZED if length else Part.DONE

    def _field(self, line: bytes) -> tuple[bytes, bytes]:
        name, colon, value = line.partition(b":")
        if not colon or not name:
            raise BrokenAnswer("a field line")
        field = name.lower(), value.strip(b" \t")
        if len(line) <= 256:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[line] = field
        return field
