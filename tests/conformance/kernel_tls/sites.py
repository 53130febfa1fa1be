"""What the tests of kernel TLS share: the files, who seals, and a client other than ours."""

from __future__ import annotations

import ssl
import subprocess
from typing import Any

import pytest

from gearshift.kernel.tls import sealable
from gearshift.tls.keyring import context_of
from tests.support.sealed import SealedSocket, certificates
from tests.support.servers import Running
from tests.support.wire import Wire, request

ALGORITHMS, WHY_NOT = sealable()
in_kernel = pytest.mark.skipif(not ALGORITHMS, reason=f"no kernel TLS here: {WHY_NOT}")
CONTENT = b"".join(b"%07d\n" % number for number in range(5 * 1024 * 1024 // 8))
MEDIUM = CONTENT[: 1024 * 1024]
SMALL = b"a small file"


def sealed(running: Running, receive_buffer: int = 0, **options: Any) -> Wire:
    wire = running.connect(receive_buffer=receive_buffer, patience=60.0)
    wire.socket = SealedSocket(wire.socket, **options)  # type: ignore[assignment]
    return wire


def tls_of(wire: Wire) -> SealedSocket:
    assert isinstance(wire.socket, SealedSocket)
    return wire.socket


def sealer(running: Running) -> str | None:
    """Who seals the newest connection."""
    rows = running.server.status()["connections"]
    name: str | None = max(rows, key=lambda row: row["number"])["tls_sealed_by"]
    return name


def context_that_retries(certfile: str, keyfile: str) -> ssl.SSLContext:
    """No client begins with its curve: each is asked to try again (HelloRetryRequest, RFC 8446 section 4.1.4)."""
    context = context_of(certfile, keyfile)
    context.set_ecdh_curve("secp521r1")
    return context


def s_client(openssl: str, running: Running, *options: str) -> subprocess.Popen[bytes]:
    address = f"{running.address[0]}:{running.address[1]}"
    return subprocess.Popen(
        [openssl, "s_client", "-connect", address, "-CAfile", certificates().ca, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def ask(client: subprocess.Popen[bytes], path: str, ending: bytes) -> bytes:
    """What the client says until the end of an answer."""
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(request(path))
    client.stdin.flush()
    said = bytearray()
    while ending not in said[-len(ending) - 65536 :]:
        piece = client.stdout.read1(65536)  # type: ignore[attr-defined]
        assert piece, said[-300:]
        said += piece
    return bytes(said)


def update_keys(client: subprocess.Popen[bytes]) -> None:
    """The client changes its keys and asks for the server's to be changed (KeyUpdate, RFC 8446 section 4.6.3)."""
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(b"K\n")  # a command, where what it reads begins so
    client.stdin.flush()
    said = b""
    while b"KEYUPDATE" not in said:
        said += (piece := client.stdout.read1(65536))  # type: ignore[attr-defined]
        assert piece, said
