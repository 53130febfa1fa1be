"""A raw socket client: it sends exactly the bytes it is told to, however they are to be split."""

from __future__ import annotations

import itertools
import random
import select
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.support.answers import Answer, MalformedAnswer, read_all, read_answer
from tests.support.sealed import EverythingSealed, SealedSocket

PATIENCE = 10.0
Address = tuple[str, int] | str


_wires: list[Wire] = []


def close_all() -> None:
    """Close what a test, or its failure, has left open."""
    while _wires:
        _wires.pop().socket.close()


class StillOpen(AssertionError):
    """The peer did not close in time."""


class Silent(AssertionError):
    """The peer did not answer in time."""


class Ending(NamedTuple):
    """What came until the connection ended, and how it did."""

    data: bytes
    reset: bool

    def answers(self, *methods: bytes) -> list[Answer]:
        """The answers to requests of these methods (GET where not given)."""
        assert not self.reset, f"the connection was reset after {len(self.data)} bytes: {self.data[-200:]!r}"
        return read_all(self.data, methods)

    def only_answer(self, method: bytes = b"GET") -> Answer:
        """The one answer of the connection."""
        answers = self.answers(method)
        assert len(answers) == 1, (
            f"{len(answers)} answers: {[answer.status for answer in answers]} {self.data!r}"
        )
        return answers[0]


class Wire:
    """One connection. `patience` is in seconds and bounds every single wait."""

    def __init__(self, address: Address, *, patience: float = PATIENCE, receive_buffer: int = 0) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        if not isinstance(address, str) and ":" in address[0]:
            family = socket.AF_INET6
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        _wires.append(self)
        if receive_buffer:
            # Set before connecting: the window scale is agreed on in the handshake (tcp(7)).
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.refused_bytes = False
        if EverythingSealed.on and family != socket.AF_UNIX:
            self.socket = SealedSocket(self.socket)  # type: ignore[assignment]

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send everything at once. A peer that no longer takes bytes is remembered, not raised."""
        self.send_pieces((data,))

    def send_pieces(self, pieces: Iterable[bytes]) -> None:
        """Send each piece by itself."""
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            self.refused_bytes = True

    def send_bytewise(self, data: bytes) -> None:
        """One segment a byte."""
        self.send_pieces(data[at : at + 1] for at in range(len(data)))

    def send_split(self, data: bytes, seed: int, pieces: int = 12) -> None:
        """Split at random places; the seed makes it repeatable."""
        places = sorted(random.Random(seed).randrange(len(data) + 1) for _ in range(pieces))
        edges = [0, *places, len(data)]
        self.send_pieces(data[start:end] for start, end in itertools.pairwise(edges) if start < end)

    def half_close(self) -> None:
        """Say that nothing more will be sent; answers can still come."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.refused_bytes = True

    def reset(self) -> None:
        """End the connection with RST: a linger time of zero discards and resets (socket(7))."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def read_to_end(self) -> Ending:
        """Everything until the peer closes or resets."""
        while True:
            try:
                piece = self.socket.recv(262144)
            except ConnectionResetError:
                return self._ending(reset=True)
            except TimeoutError:
                raise StillOpen(f"still open; so far: {bytes(self.buffer[:300])!r}") from None
            if not piece:
                return self._ending(reset=False)
            self.buffer += piece

    def _ending(self, reset: bool) -> Ending:
        data, self.buffer = bytes(self.buffer), bytearray()
        return Ending(data, reset)

    def read_some(self) -> bytes:
        """Whatever comes next, b"" at the end; bytes already buffered come first."""
        if self.buffer:
            data, self.buffer = bytes(self.buffer), bytearray()
            return data
        return self.socket.recv(262144)

    def read_until(self, mark: bytes) -> bytes:
        """Bytes up to and with `mark`."""
        while mark not in self.buffer:
            self._more(f"until {mark!r}")
        end = self.buffer.index(mark) + len(mark)
        data = bytes(self.buffer[:end])
        del self.buffer[:end]
        return data

    def answer(self, method: bytes = b"GET") -> Answer:
        """The next final answer; later bytes stay for the next call."""
        ended = False
        while True:
            read = read_answer(bytes(self.buffer), method, ended)
            if read is not None:
                del self.buffer[: read[1]]
                return read[0]
            if ended:
                raise MalformedAnswer(f"the connection ended inside an answer: {bytes(self.buffer[:300])!r}")
            ended = not self._more("for an answer", end_allowed=True)

    def _more(self, awaited: str, end_allowed: bool = False) -> bool:
        try:
            piece = self.socket.recv(262144)
        except TimeoutError:
            raise Silent(f"waited in vain {awaited}; so far: {bytes(self.buffer[:300])!r}") from None
        if not piece and not end_allowed:
            raise MalformedAnswer(
                f"the connection ended while waiting {awaited}: {bytes(self.buffer[:300])!r}"
            )
        self.buffer += piece
        return bool(piece)

    def ask(self, data: bytes, method: bytes = b"GET") -> Answer:
        """Send and read one answer."""
        self.send(data)
        return self.answer(method)

    def ask_to_end(self, data: bytes, half_close: bool = False) -> Ending:
        """Send and receive at the same time until the peer closes."""
        unsent = memoryview(data)
        self.socket.setblocking(False)
        deadline = time.monotonic() + PATIENCE
        while True:
            poller = select.poll()  # select() knows no descriptor past 1023
            poller.register(self.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            found = dict(poller.poll(max(deadline - time.monotonic(), 0) * 1000)).get(self.socket.fileno(), 0)
            readable, writable = found & ~select.POLLOUT, found & select.POLLOUT
            if not found:
                raise StillOpen(f"{len(unsent)} bytes unsent; so far: {bytes(self.buffer[:300])!r}")
            try:
                if writable:
                    unsent = unsent[self.socket.send(unsent[:65536]) :]
                    if not unsent and half_close:
                        self.socket.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                self.refused_bytes, unsent = True, memoryview(b"")
            if readable:
                try:
                    piece = self.socket.recv(262144)
                except ConnectionResetError:
                    return self._ending(reset=True)
                if not piece:
                    return self._ending(reset=False)
                self.buffer += piece

    def unread_by_peer(self) -> int:
        """Bytes in the receive queue of the other end, on this machine (/proc/net/tcp, rx_queue)."""
        ends = [self.socket.getpeername()[1], self.socket.getsockname()[1]]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if [int(end.rpartition(":")[2], 16) for end in fields[1:3]] == ends:
                return int(fields[4].rpartition(":")[2], 16)
        return 0

    def closed_by_peer(self) -> bool:
        """Whether the peer's end or reset has already arrived, without waiting."""
        poller = select.poll()  # select() knows no descriptor past 1023
        poller.register(self.socket, select.POLLIN)
        if not poller.poll(0):
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except ConnectionResetError:
            return True


def request(
    target: str = "/hello",
    *fields: str,
    method: str = "GET",
    version: str = "HTTP/1.1",
    body: bytes = b"",
    host: str | None = "example.test",
) -> bytes:
    """A request as bytes; the fields are whole lines without CRLF. Content-Length comes with a body."""
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += fields
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(*pieces: bytes, trailers: bytes = b"") -> bytes:
    """A chunked body of these pieces."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailers + b"\r\n"
