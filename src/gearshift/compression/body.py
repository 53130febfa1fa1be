"""The body of an answer on its way through a coder, a bounded piece at a time: a large one must not hold a loop."""

from __future__ import annotations

import os
from collections import deque

from gearshift.floor import Aside
from gearshift.http.response import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.compression.coders import Coder

# Bytes that go through a coder in one step: a fraction of a millisecond, after which others may have their turn.
STEP = 16384
WHOLE = 65536  # bytes of a body that goes through in one, so that its head can tell the compressed length


class CodedBody:
    """promised: the application's Content-Length, or -1. withheld: the head waits, because the whole body is about to
    be said and is short enough for one step: then its compressed length can stand in the head.
    """

    def __init__(self, coder: Coder, promised: int, withheld: bool) -> None:
        self._coder = coder
        self._promised = promised
        self._taken = 0
        self._backlog: deque[bytes | memoryview | tuple[object, int, int, int]] = deque()
        self.withheld = withheld
        self.ended = False
        self.over = False  # its last compressed byte was given away
        self.trailers: list[tuple[bytes, bytes]] | None = None

    @property
    def waits(self) -> bool:
        """Whether there is something to compress, or to end."""
        return bool(self._backlog) or (self.ended and not self.over)

    def take(self, data: bytes) -> None:
        """A piece of the body. Raises ResponseError for more than was promised."""
        self._count(len(data))
        self._backlog.append(data)

    def take_file(self, owner: object, descriptor: int, offset: int, length: int) -> None:
        """A piece of the body that stands in a file, which `owner` keeps open."""
        self._count(length)
        self._backlog.append((owner, descriptor, offset, length))

    def _count(self, length: int) -> None:
        self._taken += length
        if self._taken > self._promised >= 0:
            raise ResponseError(f"the body is longer than its Content-Length of {self._promised}")

    def end(self, trailers: list[tuple[bytes, bytes]] | None) -> None:
        """The body is complete. Raises ResponseError for less than was promised."""
        if self._taken < self._promised:
            raise ResponseError(
                f"the body ended after {self._taken} of {self._promised} bytes that Content-Length promised"
            )
        self.ended = True
        self.trailers = trailers

    def press(self) -> bytes:
        """The next step, compressed and flushed: never nothing while waits is true."""
        with Aside():
            return self._press()

    def _press(self) -> bytes:
        pressed = []
        room = WHOLE if self.withheld else STEP
        while room and self._backlog:
            data = self._next(room)
            room -= len(data)
            pressed.append(self._coder.press(data))
        if self.ended and not self._backlog:
            self.over = True
            pressed.append(self._coder.finish())
        else:
            pressed.append(self._coder.flush())
        return b"".join(pressed)

    def _next(self, most: int) -> bytes | memoryview:
        first = self._backlog.popleft()
        if not isinstance(first, tuple):
            if len(first) > most:
                view = memoryview(first)
                self._backlog.appendleft(view[most:])
                first = view[:most]
            return first
        owner, descriptor, offset, length = first
        data = os.pread(descriptor, min(most, length), offset)
        if not data:
            self._backlog.clear()
            self.ended = False  # and never will be
            raise ResponseError("a file became shorter while it was sent")
        if len(data) < length:
            self._backlog.appendleft((owner, descriptor, offset + len(data), length - len(data)))
        return data
