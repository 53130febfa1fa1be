"""A listening socket: opened, inherited, described, closed."""

# pathlib would cost every start 6 ms.
# ruff: noqa: PTH108, PTH123
from __future__ import annotations

import errno
import os
import socket
import stat

from gearshift.errors import ListenError
from gearshift.kernel import backlog as accept_queue
from gearshift.kernel.sockets import address_text
from gearshift.listeners.address import Address, AddressKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.listeners.access import Access

UNPRIVILEGED_PORTS = "/proc/sys/net/ipv4/ip_unprivileged_port_start"

# Bytes of an answer that a socket holds unsent. Without a limit one reader on loopback, slow or not, is given up to
# 4 MiB (tcp_wmem) at once: a crowd of them costs everybody else the time to copy it, and the kernel the memory.
# At 1 MiB a large answer to a quick reader costs what it does without a limit; at 256 KiB up to twice as much, for
# the wake-ups between the pieces.
MOST_UNSENT = 1048576

# What connect() says when nobody listens on a Unix socket's path any more.
NOBODY_ANSWERS = (errno.ECONNREFUSED, errno.ENOENT)


# Listeners that a supervisor has opened for this process, by the address that a setting asks for.
handed_down: dict[str, list[Listener]] = {}


class Listener:
    """A non-blocking listening socket.

    socket, fd, family: the socket. inherited: somebody else opened it.
    handler: the raw handler whose connections it takes, None for HTTP.
    balance: with other processes that accept from it (engines/balance.py).
    keyring: for TLS, None where nothing is sealed.
    address: where it listens, with the port that the kernel chose for port 0: "127.0.0.1:8088", "[::1]:8088",
    "unix:/run/x".
    backlog_asked, backlog_effective: length of the accept queue, in connections, as asked and as the kernel
    has it (None for an inherited Unix socket, of which the kernel does not tell).
    """

    __slots__ = (
        "_own_file",
        "_path",
        "address",
        "backlog_asked",
        "backlog_effective",
        "balance",
        "family",
        "fd",
        "handler",
        "inherited",
        "keyring",
        "socket",
    )

    def __init__(
        self, sock: socket.socket, backlog_asked: int, backlog_effective: int | None, *, inherited: bool
    ) -> None:
        place = sock.getsockname()
        name = address_text(place)
        is_unix = sock.family == socket.AF_UNIX
        self.socket = sock
        self.fd = sock.fileno()
        self.family = sock.family
        self.inherited = inherited
        self.balance: Any = None
        self.handler: Any = None
        self.keyring: Any = None
        self.address = f"unix:{name}" if is_unix else name
        self.backlog_asked = backlog_asked
        self.backlog_effective = backlog_effective
        self._path = name if is_unix and not inherited and isinstance(place, str) else ""
        self._own_file = _identity(self._path) if self._path else None

    @property
    def url(self) -> str:
        """What to type into a client: a URL, or the address of a Unix socket, for which there is no URL."""
        if self.family == socket.AF_UNIX:
            return self.address
        if self.handler is not None:
            return f"{'tcp' if self.keyring is None else 'tls'}://{self.address}"
        return f"{'http' if self.keyring is None else 'https'}://{self.address}"

    def give_up_file(self) -> None:
        """The file of a Unix socket is another process's to remove from now on."""
        self._path = ""

    def backlog_in_words(self) -> str:
        return accept_queue.in_words(self.backlog_asked, self.backlog_effective, self.inherited)

    def close(self) -> None:
        """Stops listening and removes the Unix socket's file if it is still this listener's. May be called
        again.
        """
        if self.fd < 0:
            return
        if self._path and _identity(self._path) == self._own_file:
            os.unlink(self._path)
        self.socket.close()
        self.fd = -1

    def __repr__(self) -> str:
        return f"Listener({self.address!r}, fd={self.fd})"


def open_listener(
    address: Address, backlog: int, access: Access | None = None, reuse_port: bool = False
) -> Listener:
    """Listens on an address.

    backlog: connections that may wait in the accept queue; the kernel clamps it to net.core.somaxconn.
    access: who may connect, where it is a Unix socket's file.
    reuse_port: others of this user may listen there too, each with an accept queue of its own (SO_REUSEPORT).
    Raises ListenError, in one line, when the kernel refuses.
    """
    if handed_down.get(address.text):
        return handed_down[address.text].pop(0)
    if address.kind is AddressKind.UNIX:
        return _open_unix(address, backlog, access)
    if address.kind is AddressKind.INHERITED:
        return _inherit(address, backlog)
    if address.kind is AddressKind.PASSED:
        raise ListenError(
            f"cannot listen on {address.text}: only gearshift serve takes systemd's sockets; in Python say fd:3"
        )
    return _open_tcp(address, backlog, reuse_port)


def _open_tcp(address: Address, backlog: int, reuse_port: bool) -> Listener:
    family, place = _resolve(address)
    sock = socket.socket(family, socket.SOCK_STREAM)

    def prepare() -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _set_for_connections(sock)
        if family == socket.AF_INET6:
            # [::] means every IPv6 address whatever net.ipv6.bindv6only says, and leaves 0.0.0.0 to another
            # listener.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(place)

    return _listen(sock, backlog, address, prepare)


def _set_for_connections(sock: socket.socket) -> None:
    """Options that accepted sockets inherit from the listener on Linux: no system call for each of them."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)


def _resolve(address: Address) -> tuple[int, tuple[str, int] | tuple[str, int, int, int]]:
    try:
        # As bytes: getaddrinfo would load the idna codec for text, 5 ms of start-up.
        host = address.host.encode("ascii") if address.host.isascii() else address.host
        found = socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else "not a host name"
        raise ListenError(
            f"cannot listen on {address.text}: no address for {address.host!r}: {reason}"
        ) from None
    # A name such as localhost may stand for both families; the IPv4 one is what its users type as 127.0.0.1.
    family, _, _, _, place = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, place  # type: ignore[return-value]  # typeshed adds the tuple of builds without IPv6


def _open_unix(address: Address, backlog: int, access: Access | None) -> Listener:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def prepare() -> None:
        if address.is_abstract:
            sock.bind("\0" + address.path[1:])
            return
        _remove_stale(address)
        sock.bind(address.path)
        if access is not None:
            _set_access(address.path, access)

    return _listen(sock, backlog, address, prepare)


def _set_access(path: str, access: Access) -> None:
    try:
        access.apply(path)
    except ListenError:
        os.unlink(path)
        raise


def _remove_stale(address: Address) -> None:
    """Removes the file that a server killed without warning left behind, and nothing else."""
    try:
        mode = os.lstat(address.path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"cannot listen on {address.text}: the file exists and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a full accept queue says EAGAIN instead of making us wait
        if probe.connect_ex(address.path) not in NOBODY_ANSWERS:
            raise ListenError(f"cannot listen on {address.text}: another program is listening there")
    os.unlink(address.path)


def _inherit(address: Address, backlog: int) -> Listener:
    try:
        sock = socket.socket(fileno=address.fd)
    except OSError as error:
        reason = "it is not open" if error.errno == errno.EBADF else "it is not a socket"
        raise ListenError(f"cannot listen on {address.text}: {reason}") from None
    if (
        sock.family not in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
        or sock.type != socket.SOCK_STREAM
    ):
        sock.detach()
        raise ListenError(f"cannot listen on {address.text}: it is no TCP or Unix stream socket")
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        sock.detach()
        raise ListenError(f"cannot listen on {address.text}: it is a socket that does not listen")
    if sock.family != socket.AF_UNIX:
        _set_for_connections(sock)
    sock.setblocking(False)
    sock.set_inheritable(False)  # programs that the application starts must not hold the port open
    return Listener(sock, backlog, accept_queue.accept_queue_limit(sock), inherited=True)


def _listen(sock: socket.socket, backlog: int, address: Address, prepare: Callable[[], None]) -> Listener:
    """Makes the socket listen, or closes it and says why it cannot."""
    try:
        prepare()
        sock.setblocking(False)
        sock.listen(backlog)
        effective = accept_queue.clamped(backlog, accept_queue.somaxconn())
        return Listener(sock, backlog, effective, inherited=False)
    except OSError as error:
        sock.close()
        raise ListenError(f"cannot listen on {address.text}: {_reason(error, address)}") from None
    except BaseException:
        sock.close()
        raise


def _reason(error: OSError, address: Address) -> str:
    if error.errno == errno.EADDRINUSE and address.kind is AddressKind.TCP:
        return f"the port is in use (ss -ltnp 'sport = :{address.port}' shows by whom)"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address.host} is no address of this machine"
    if error.errno == errno.EACCES and address.kind is AddressKind.TCP:
        return f"no permission for a port below {_first_unprivileged_port()}"
    return os.strerror(error.errno) if error.errno else str(error)


def _first_unprivileged_port() -> str:
    try:
        with open(UNPRIVILEGED_PORTS, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "1024"  # ip(7)


def _identity(path: str) -> tuple[int, int] | None:
    """Which file stands at a path, or None."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
