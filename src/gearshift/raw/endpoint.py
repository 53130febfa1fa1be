"""A socket that receives datagrams: opened, described, closed."""

from __future__ import annotations

import errno
import os
import socket

from gearshift.errors import ListenError
from gearshift.kernel.receive_queue import receive_queue
from gearshift.kernel.sockets import address_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.conversation import RawApplication
    from gearshift.listeners import Address
    from gearshift.raw.datagram import DatagramConversation

# What the kernel is asked to hold for a handler that is busy; it clamps that to net.core.rmem_max. Its own default,
# 212,992 bytes, is 277 small datagrams, each of which counts with its bookkeeping.
RECEIVE_BUFFER = 4_194_304

# Sockets that a supervisor has opened for this process, by the address that a setting asks for.
handed_down: dict[str, list[socket.socket]] = {}


class Endpoint:
    """A non-blocking UDP socket that is bound.

    socket, fd, family: the socket; fd is -1 once it is closed. address: where it receives, with the port that the
    kernel chose for port 0. handler: the raw handler. conversation: what it has done, once an engine has it.
    """

    __slots__ = ("address", "conversation", "family", "fd", "handler", "keyring", "socket")

    def __init__(self, sock: socket.socket, handler: RawApplication | None) -> None:
        self.socket = sock
        self.fd = sock.fileno()
        self.family = sock.family
        self.address = address_text(sock.getsockname())
        self.handler = handler
        self.keyring = None  # TLS is for streams
        self.conversation: DatagramConversation | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"udp://{self.address}"

    def fileno(self) -> int:
        """As files have it."""
        return self.fd

    def backlog_in_words(self) -> str:
        """How much may wait to be received."""
        size = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        return f"receive buffer {size:,} bytes"

    def seen(self) -> dict[str, Any]:
        """A row of endpoints[] in docs/status-schema.md."""
        queue = receive_queue(self.fd)
        done = self.conversation
        return {
            "address": self.url,
            "handler": None if self.handler is None else self.handler.name,
            "fd": self.fd,
            "receive_queue": queue.held,
            "receive_queue_limit": queue.limit,
            "drops": queue.drops,
            "received": 0 if done is None else done.received,
            "sent": 0 if done is None else done.sent,
            "unsent": 0 if done is None else done.unsent,
        }

    def close(self) -> None:
        """May be called again."""
        self.socket.close()
        self.fd = -1


def open_endpoint(address: Address, handler: RawApplication) -> Endpoint:
    """Receives datagrams at an address with a host and a port. Raises ListenError."""
    if handed_down.get(address.text):
        return Endpoint(handed_down[address.text].pop(0), handler)
    return Endpoint(open_socket(address), handler)


def open_socket(address: Address) -> socket.socket:
    """Bound there, and not blocking. Raises ListenError."""
    sock = None
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, place = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(place)
        return sock
    except (OSError, UnicodeError) as error:
        if sock is not None:
            sock.close()
        raise ListenError(f"cannot receive at udp://{address.text}: {_reason(error, address)}") from None


def _reason(error: OSError | UnicodeError, address: Address) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"no address for {address.host!r}"
    if error.errno == errno.EADDRINUSE:
        return f"the port is in use (ss -lunp 'sport = :{address.port}' shows by whom)"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address.host} is no address of this machine"
    return os.strerror(error.errno or 0)
