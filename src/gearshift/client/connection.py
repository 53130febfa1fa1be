"""One connection of a client, whose steps are methods: create, connect, send, receive, close."""

from __future__ import annotations

import errno
import socket
from time import monotonic

from gearshift.client.address import Target, target_of
from gearshift.client.errors import (
    ClientError,
    EndedError,
    NameNotFoundError,
    RefusedError,
    ResetError,
    TimedOutError,
    TooLongError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

RECEIVED_AT_ONCE = 65536  # bytes
LONGEST = 1_048_576  # bytes that receive_until() keeps, where nobody says another number
GONE = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
NOBODY = (errno.ECONNREFUSED, errno.ENOENT)  # ENOENT: a Unix socket's path


def connect(address: str, timeout: float | None = None) -> Client:
    """A connected client. Parameters and errors as Client's."""
    client = Client(address, timeout)
    try:
        return client.create().connect()
    except BaseException:
        client.close()
        raise


class Client:
    """A socket that is created, connected, used and closed, each by its own step.

    address: "HOST:PORT", "[IPV6]:PORT", "unix:PATH", or for datagrams "udp:HOST:PORT". timeout: seconds that each step
    may last; None waits for as long as it takes. Every step raises a ClientError that says what was tried; a wrong
    address raises SettingError. As a context manager it closes at the end.
    """

    def __init__(self, address: str, timeout: float | None = None) -> None:
        self.address = address
        self.timeout = timeout
        self._target: Target = target_of(address)
        self._place: Any = None
        self._socket: socket.socket | None = None
        self._kept = b""  # received behind what receive_until() was asked for

    # ---- the steps -----------------------------------------------------------------------------------------

    def create(self) -> Self:
        """Asks the kernel for a socket: socket(2). A host's name is looked up first, since it says of which family."""
        if self._socket is not None:
            raise ClientError(f"create a socket for {self.address}: there is one already")
        family, self._place = self._resolved()
        try:
            self._socket = socket.socket(family, self._target.kind)
        except OSError as error:
            raise self._told("create a socket for", error) from None
        return self

    def connect(self) -> Self:
        """Connects it: connect(2), by which TCP shakes hands. Of datagrams it only says where they go."""
        sock = self._open("connect to")
        sock.settimeout(self.timeout)
        try:
            sock.connect(self._place)
        except OSError as error:
            raise self._told("connect to", error) from None
        return self

    def send(self, data: bytes) -> Self:
        """Sends all of it: send(2), as often as it takes. To a UDP address it is one datagram."""
        sock = self._open("send to")
        sock.settimeout(self.timeout)
        try:
            if self._target.kind == socket.SOCK_DGRAM:
                sock.send(data)
            else:
                sock.sendall(data)
        except OSError as error:
            raise self._told(f"send {len(data)} bytes to", error) from None
        return self

    def receive(self, most: int = RECEIVED_AT_ONCE) -> bytes:
        """What has come, waited for if nothing has: recv(2). Empty where the peer has finished; a datagram may be
        empty too. most: bytes.
        """
        return self._receive(most, None, "receive from")

    def receive_exactly(self, size: int) -> bytes:
        """So many bytes, however many recv(2) that takes; the timeout is for all of them.

        Raises EndedError where the peer finishes before.
        """
        what = f"receive {size} bytes from"
        ends = self._ends()
        pieces: list[bytes] = []
        left = size
        while left > 0:
            piece = self._receive(min(left, RECEIVED_AT_ONCE), ends, what)
            if not piece:
                raise self._ended(what, b"".join(pieces))
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def receive_until(self, mark: bytes, most: int = LONGEST) -> bytes:
        """Everything up to and with `mark`; what has come behind it is kept for the next receive.

        Raises EndedError where the peer finishes before, TooLongError above `most` bytes; nothing is lost then.
        """
        what = f"receive until {mark!r} from"
        ends = self._ends()
        come = b""
        while (found := come.find(mark)) < 0:
            if len(come) >= most:
                self._kept = come
                raise TooLongError(f"{what} {self.address}: found none in {len(come)} bytes")
            piece = self._receive(RECEIVED_AT_ONCE, ends, what)
            if not piece:
                raise self._ended(what, come)
            come += piece
        end = found + len(mark)
        self._kept = come[end:]
        return come[:end]

    def finish(self) -> Self:
        """Says that nothing more will be sent: shutdown(2). The peer can still answer."""
        try:
            self._open("finish sending to").shutdown(socket.SHUT_WR)
        except OSError as error:
            raise self._told("finish sending to", error) from None
        return self

    def close(self) -> None:
        """Gives the socket back: close(2). May be called again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # ---- what is known of it -----------------------------------------------------------------------------------

    @property
    def sock(self) -> socket.socket:
        """The socket itself, for what no step does. Raises ClientError before create() and after close()."""
        return self._open("use the socket for")

    @property
    def fd(self) -> int:
        """Its descriptor; -1 where there is none."""
        return -1 if self._socket is None else self._socket.fileno()

    @property
    def local(self) -> str:
        """The own end, as HOST:PORT; "" for a Unix socket."""
        return _text(self.sock.getsockname())

    @property
    def peer(self) -> str:
        """The other end, as HOST:PORT; the path of a Unix socket."""
        return _text(self.sock.getpeername())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.address!r}, fd={self.fd})"

    # ---- how -----------------------------------------------------------------------------------------------

    def _resolved(self) -> tuple[int, Any]:
        """The family of the socket, and the address in its form."""
        target = self._target
        if target.family == socket.AF_UNIX:
            return target.family, target.host
        try:
            found = socket.getaddrinfo(target.host, target.port, type=target.kind)
        except (socket.gaierror, UnicodeError) as error:
            reason = error.strerror if isinstance(error, socket.gaierror) else "not a host name"
            raise NameNotFoundError(f"look up {target.host!r} for {self.address}: {reason}") from None
        family, _, _, _, place = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        return family, place

    def _open(self, what: str) -> socket.socket:
        if self._socket is None:
            raise ClientError(f"{what} {self.address}: there is no socket, expected create() before")
        return self._socket

    def _ends(self) -> float | None:
        return None if self.timeout is None else monotonic() + self.timeout

    def _receive(self, most: int, ends: float | None, what: str) -> bytes:
        """ends: when the step must be over; None: the timeout begins now."""
        sock = self._open(what)
        if self._kept:
            piece, self._kept = self._kept[:most], self._kept[most:]
            return piece
        try:
            sock.settimeout(self.timeout if ends is None else max(ends - monotonic(), 1e-6))
            return sock.recv(most)
        except OSError as error:
            raise self._told(what, error) from None

    def _ended(self, what: str, received: bytes) -> EndedError:
        self._kept = received
        return EndedError(f"{what} {self.address}: the peer has finished after {len(received)}", received)

    def _told(self, what: str, error: OSError) -> ClientError:
        """The reason in words."""
        tried = f"{what} {self.address}"
        if isinstance(error, TimeoutError) or error.errno in (errno.ETIMEDOUT, errno.EAGAIN):
            return TimedOutError(
                f"{tried}: not done within {self.timeout:g} s" if self.timeout else f"{tried}: timed out"
            )
        if error.errno in NOBODY:
            return RefusedError(f"{tried}: refused, nobody listens there")
        if error.errno in GONE:
            return ResetError(f"{tried}: the peer has cut the connection")
        return ClientError(f"{tried}: {error.strerror or error}")


def _text(place: Any) -> str:
    if isinstance(place, tuple):
        host, port, *_ = place
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return place if isinstance(place, str) else ""
