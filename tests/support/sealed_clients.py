"""Clients that seal what they say, and one that does not."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.support.sealed import EverythingSealed, SealedSocket
from tests.support.servers import Running
from tests.support.wire import Wire

SEALS_ITSELF = pytest.mark.skipif(EverythingSealed.on, reason="these tests seal their connections themselves")


def sealed(running: Running, **options: Any) -> Wire:
    """A connection on which both sides have their keys. options: as SealedSocket has them."""
    wire = running.connect()
    if not isinstance(wire.socket, SealedSocket):
        wire.socket = SealedSocket(wire.socket, **options)  # type: ignore[assignment]
    return wire


def tls_of(wire: Wire) -> SealedSocket:
    assert isinstance(wire.socket, SealedSocket)
    return wire.socket


def failures(running: Running) -> int:
    count: int = running.server.status()["counts"]["handshakes_failed"]
    return count


def raw(running: Running) -> socket.socket:
    """A connection without TLS."""
    plain = socket.create_connection(running.address, 10)
    plain.settimeout(10)
    return plain


def until_end(plain: socket.socket) -> bytes:
    data = b""
    try:
        while piece := plain.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data
