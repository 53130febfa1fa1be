"""What a socket is, asked by its descriptor: inode, family, its own address and its peer's."""

from __future__ import annotations

import os
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


SO_DOMAIN = 39  # socket(7); the standard library has no name for it


class SocketFacts:
    """fd: the descriptor. inode: as in /proc/net/tcp and `ss -e`. protocol: "TCP" or "Unix".
    local, peer: address texts; peer is "" for a listener and for the unnamed end of a Unix connection."""

    __slots__ = ("fd", "inode", "local", "peer", "protocol")

    def __init__(self, fd: int, inode: int, protocol: str, local: str, peer: str) -> None:
        self.fd = fd
        self.inode = inode
        self.protocol = protocol
        self.local = local
        self.peer = peer


def facts(fd: int) -> SocketFacts:
    """Everything above about an open socket. Raises OSError if it is none."""
    from gearshift.kernel.lent import Lent

    family = Lent(fd).getsockopt(socket.SOL_SOCKET, SO_DOMAIN)
    sock = Lent(fd, family)
    local = address_text(sock.getsockname())
    try:
        peer = address_text(sock.getpeername())
    except OSError:  # ENOTCONN: a listener, or a connection whose peer has reset it
        peer = ""
    return SocketFacts(fd, inode(fd), "Unix" if family == socket.AF_UNIX else "TCP", local, peer)


def inode(fd: int) -> int:
    """The socket's inode number: its identity in /proc/net/* and /proc/PID/fd. Raises OSError."""
    return os.fstat(fd).st_ino


def address_text(address: Any) -> str:
    """A socket address as people write it: "127.0.0.1:80", "[::1]:80", a Unix path, "@name" for an abstract
    one.

    address: what getsockname, getpeername and accept return: a tuple for IP, text or bytes for Unix.
    """
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(address, bytes):
        return "@" + address[1:].decode("utf-8", "backslashreplace") if address else ""
    return str(address)
