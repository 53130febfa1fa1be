"""Raw handlers under test: each notes what it was told, in lists that the test looks at."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

PIECE = b"p" * 65536


class Lines:
    """Answers each line with its capitals; the rest at the end of input."""

    told: ClassVar[list[tuple[str, Any]]] = []

    def __init__(self) -> None:
        self.kept = b""

    def connected(self, connection: Any) -> None:
        self.connection = connection

    def received(self, data: bytes) -> bytes:
        *lines, self.kept = (self.kept + data).split(b"\n")
        return b"".join(line.upper() + b"\n" for line in lines)

    def eof(self) -> bytes:
        return b"left: " + self.kept

    def closed(self) -> None:
        self.told.append(("closed", self.connection.peer))


class AsyncLines(Lines):
    """The same, which waits in between."""

    async def connected(self, connection: Any) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.connection = connection

    async def received(self, data: bytes) -> bytes:  # type: ignore[override]
        await asyncio.sleep(0.001)
        return Lines.received(self, data)

    async def eof(self) -> bytes:  # type: ignore[override]
        await asyncio.sleep(0.001)
        return Lines.eof(self)

    async def closed(self) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        Lines.closed(self)


class Greeting:
    """Speaks first, and ends of its own accord."""

    def connected(self, connection: Any) -> bytes:
        self.connection = connection
        return b"welcome\n"

    def received(self, data: bytes) -> list[bytes]:
        self.connection.close()
        return [b"good", b"bye\n"]


class Fountain:
    """Gives as many pieces as it is asked for, and counts those that were taken from it."""

    given = 0

    def received(self, data: bytes) -> Iterator[bytes]:
        type(self).given = 0
        for _ in range(int(data)):
            type(self).given += 1
            yield PIECE


class Failing:
    """Raises where it is told to."""

    def received(self, data: bytes) -> Any:
        if data == b"raise":
            raise ValueError("the handler's own")
        if data == b"exit":
            raise SystemExit(3)
        if data == b"text":
            return "no bytes"
        if data == b"number":
            return 7
        if data == b"midway":
            return self.midway()
        return data

    def midway(self) -> Iterator[bytes]:
        yield b"first"
        raise ValueError("after the first piece")

    def eof(self) -> None:
        raise ValueError("at the end")


class FailingAsync(Failing):
    """Raises in a coroutine."""

    async def received(self, data: bytes) -> Any:
        await asyncio.sleep(0)
        return Failing.received(self, data)

    async def eof(self) -> None:  # type: ignore[override]
        raise ValueError("at the end")


class Unmakeable:
    """Can't even be made."""

    def __init__(self) -> None:
        raise ValueError("no handler today")

    def received(self, data: bytes) -> bytes:
        return data


class Held:
    """Gives its connections to the test, which speaks to the peers from its own thread."""

    connections: ClassVar[list[Any]] = []
    changed: ClassVar[threading.Event] = threading.Event()

    def connected(self, connection: Any) -> None:
        self.connections.append(connection)
        self.changed.set()

    def received(self, data: bytes) -> bytes:
        return data
