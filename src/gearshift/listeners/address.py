"""An address to listen on, as the user writes it and as the house uses it."""

from __future__ import annotations

from enum import Enum

from gearshift.errors import WrongValueError

EXPECTED = "HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH, unix:@NAME, fd:N or systemd"

# sizeof(sockaddr_un.sun_path), less its terminating NUL (unix(7)).
LONGEST_UNIX_PATH = 107


class AddressKind(Enum):
    TCP = "tcp"
    UNIX = "unix"
    INHERITED = "fd"
    PASSED = "systemd"


class Address:
    """kind, and what it needs: host and port (TCP), path (Unix), fd (inherited, already listening), or
    as path the word that stands for sockets which systemd has passed."""

    __slots__ = ("fd", "host", "kind", "path", "port")

    def __init__(
        self, kind: AddressKind, *, host: str = "", port: int = 0, path: str = "", fd: int = -1
    ) -> None:
        self.kind = kind
        self.host = host
        self.port = port
        self.path = path
        self.fd = fd

    @property
    def is_abstract(self) -> bool:
        """Whether it is a Unix socket without a file (unix(7), abstract sockets): "unix:@name"."""
        return self.kind is AddressKind.UNIX and self.path.startswith("@")

    @property
    def text(self) -> str:
        """As the user may write it."""
        if self.kind is AddressKind.UNIX:
            return f"unix:{self.path}"
        if self.kind is AddressKind.INHERITED:
            return f"fd:{self.fd}"
        if self.kind is AddressKind.PASSED:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self.text!r})"


def parse(text: str) -> Address:
    """The address that a text names.

    HOST:PORT, [IPV6]:PORT, :PORT (every IPv4 address), unix:PATH, unix:@NAME (abstract), fd:N, systemd[:NAME]. Port 0
    lets the kernel choose.
    Raises WrongValueError (a SettingError).
    """
    if text.startswith("unix:"):
        return _unix(text, text[5:])
    if text == "systemd" or text.startswith("systemd:"):
        return Address(AddressKind.PASSED, path=text)
    if text.startswith("fd:"):
        return Address(AddressKind.INHERITED, fd=_number(text, text[3:], 2**31 - 1))
    host, colon, port = text.rpartition(":")
    if not colon or not text.isprintable() or " " in text:
        raise _wrong(text)
    number = _number(text, port, 65535)
    if host.startswith("[") and host.endswith("]") and ":" in host:
        host = host[1:-1]
    elif ":" in host or "[" in host or "]" in host or "/" in host:
        raise _wrong(text)
    return Address(AddressKind.TCP, host=host or "0.0.0.0", port=number)


def _unix(text: str, path: str) -> Address:
    length = len(path.encode("utf-8", "surrogateescape"))
    if not path or path == "@" or "\0" in path:
        raise _wrong(text)
    if length > LONGEST_UNIX_PATH:
        raise WrongValueError(
            "--bind", f"a Unix socket path of {length} bytes", f"at most {LONGEST_UNIX_PATH} (unix(7))"
        )
    return Address(AddressKind.UNIX, path=path)


def _number(text: str, digits: str, largest: int) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        raise _wrong(text)
    number = int(digits)
    if number > largest:
        raise WrongValueError("--bind", f"{number} in {text!r}", f"a number from 0 to {largest}")
    return number


def _wrong(text: str) -> WrongValueError:
    return WrongValueError("--bind", repr(text), EXPECTED)
