"""Where a load goes: a URL taken apart, and the address of its server."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple
from urllib.parse import urlsplit

from gearshift.errors import GearshiftError, WrongValueError

URL = "http://HOST[:PORT][/PATH] or unix:SOCKET[:/PATH]"
LONGEST_SOCKET_PATH = 107  # bytes in sun_path, without the zero behind them


class TargetError(GearshiftError):
    """The server's name can't be resolved, or nothing accepts connections there."""


class Target(NamedTuple):
    """url: as the user wrote it. host: the field of that name. path: with the query.

    name, port: where the server listens; a socket's path and 0 for a Unix socket.
    """

    url: str
    host: str
    path: str
    name: str
    port: int

    @property
    def is_unix(self) -> bool:
        return self.port == 0


def parse_target(url: str) -> Target:
    """Raises SettingError for what is no URL of a server that can be loaded."""
    if url.startswith("unix:"):
        return _unix(url)
    if url.startswith("https://"):
        raise WrongValueError("URL", repr(url), "http:// (https is not spoken yet)")
    try:
        parts = urlsplit(url)
        port = 80 if parts.port is None else parts.port
    except ValueError:
        raise WrongValueError("URL", repr(url), URL) from None
    if parts.scheme != "http" or not parts.hostname or not port or parts.username is not None:
        raise WrongValueError("URL", repr(url), URL)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (is_target(path) and is_target(f"/{parts.netloc}")):
        raise WrongValueError("URL", repr(url), "printable ASCII, other characters as %XX")
    return Target(url, parts.netloc, path, parts.hostname, port)


def is_target(path: str) -> bool:
    """Whether it can stand in a request line (RFC 9112 section 3.2.1): visible ASCII that begins with a slash."""
    return path.startswith("/") and all("!" <= character <= "~" for character in path)


def _unix(url: str) -> Target:
    name, colon, path = url.removeprefix("unix:").partition(":/")
    if not 0 < len(name.encode()) <= LONGEST_SOCKET_PATH or "\0" in name or not is_target("/" + path):
        raise WrongValueError("URL", repr(url), URL)
    return Target(url, "localhost", f"/{path}" if colon else "/", name, 0)


def address_of(target: Target, timeout: float) -> bytes:
    """A struct sockaddr of the server. Raises TargetError.

    Where the name has several addresses, the first that accepts a connection within so many seconds.
    """
    if target.is_unix:
        return struct.pack("=H", socket.AF_UNIX) + target.name.encode() + b"\0"
    try:
        found = socket.getaddrinfo(target.name, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TargetError(f"{target.url}: found no address of {target.name!r}: {error.strerror}") from None
    addresses = list(dict.fromkeys((family, sockaddr) for family, _, _, _, sockaddr in found))
    if len(addresses) > 1:
        addresses.sort(key=lambda address: not _accepts(address[0], address[1], timeout))
    return _packed(*addresses[0])


def _accepts(family: int, sockaddr: tuple[str | int | bytes, ...], timeout: float) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(timeout)
        return probe.connect_ex(sockaddr) == 0


def _packed(family: int, sockaddr: tuple[str | int | bytes, ...]) -> bytes:
    """As the kernel lays them out: the family in the machine's byte order, port and address in the network's."""
    head = struct.pack("=H", family) + struct.pack("!H", sockaddr[1])
    address = socket.inet_pton(family, str(sockaddr[0]).partition("%")[0])
    if family == socket.AF_INET:
        return head + address + bytes(8)
    return head + struct.pack("=I", 0) + address + struct.pack("=I", sockaddr[3])
