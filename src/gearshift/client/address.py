"""Where a client connects to, as people write it."""

from __future__ import annotations

import socket
from typing import NamedTuple

from gearshift.errors import SettingError

EXPECTED = "HOST:PORT, [IPV6]:PORT, unix:PATH or udp:HOST:PORT"


class Target(NamedTuple):
    """kind: SOCK_STREAM or SOCK_DGRAM. family: AF_UNIX, whose path is `host`, or 0: what the name's addresses are."""

    kind: int
    family: int
    host: str
    port: int


def target_of(address: str) -> Target:
    """What a text names. Raises SettingError."""
    if address.startswith("unix:") and len(address) > len("unix:") and "\0" not in address:
        return Target(socket.SOCK_STREAM, socket.AF_UNIX, address.removeprefix("unix:"), 0)
    datagrams = address.startswith("udp:")
    host, colon, digits = address.removeprefix("udp:").rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not host or not (digits.isascii() and digits.isdigit() and 0 < int(digits) < 65536):
        raise SettingError(f"address: found {address!r}, expected {EXPECTED}")
    return Target(socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM, 0, host, int(digits))
