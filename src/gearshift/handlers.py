"""Raw handlers that come with the server: `--tcp echo|discard|chat`, `--udp echo|discard`."""

from __future__ import annotations

from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar, Protocol

    class Connection(Protocol):
        """What a TCP handler is given of its connection; see gearshift.raw.stream.StreamConversation."""

        @property
        def peer(self) -> str: ...
        @property
        def number(self) -> int: ...
        def send(self, data: bytes) -> bool: ...
        def close(self) -> None: ...


LONGEST_LINE = 4096  # bytes


class Echo:
    """Sends back what it receives (RFC 862)."""

    def received(self, data: bytes) -> bytes:
        return data

    def datagram(self, data: bytes, peer: tuple[str, int]) -> bytes:
        return data


class Discard:
    """Throws away what it receives (RFC 863)."""

    def received(self, data: bytes) -> None:
        return None

    def datagram(self, data: bytes, peer: tuple[str, int]) -> None:
        return None


class Chat:
    """A line that one client sends goes to all others."""

    present: ClassVar[set[Connection]] = set()
    _lock: ClassVar[Lock] = Lock()

    def connected(self, connection: Connection) -> bytes:
        self._connection = connection
        self._name = connection.peer or f"client {connection.number}"
        self._begun = b""
        with self._lock:
            others = len(self.present)
            self.present.add(connection)
        self._tell(f"* {self._name} has come\n".encode())
        return f"* {others} other{'' if others == 1 else 's'} here\n".encode()

    def received(self, data: bytes) -> bytes | None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._say(line)
        if len(self._begun) > LONGEST_LINE:
            self._connection.close()
            return b"* a line has at most %d bytes\n" % LONGEST_LINE
        return None

    def eof(self) -> None:
        if self._begun:
            self._say(self._begun)

    def closed(self) -> None:
        with self._lock:
            self.present.discard(self._connection)
        self._tell(f"* {self._name} has gone\n".encode())

    def _say(self, line: bytes) -> None:
        self._tell(f"{self._name}: ".encode() + line.rstrip(b"\r") + b"\n")

    def _tell(self, line: bytes) -> None:
        with self._lock:
            others = self.present - {self._connection}
        for other in others:
            other.send(line)
