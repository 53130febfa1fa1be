"""How OpenSSL's records are counted, which a kernel has to be told: tested everywhere, by a reader that opens them with
the secret and the count that the kernel would be given.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gearshift.tls.key_log import Secret
from gearshift.tls.key_schedule import traffic_keys
from gearshift.tls.offload import SUITES, Offload
from tests.conformance.kernel_tls.sites import (
    MEDIUM,
    SMALL,
    ask,
    context_that_retries,
    s_client,
    sealed,
    tls_of,
    update_keys,
)
from tests.support.sealed import EverythingSealed, SealedSocket, certificates
from tests.support.servers import Running, run
from tests.support.wire import request

pytestmark = pytest.mark.skipif(EverythingSealed.on, reason="these tests seal their connections themselves")


class Overhearing(Offload):
    """What the kernel would be told is kept; that it refuses has OpenSSL go on, whose next record has that number."""

    told: tuple[bytes, bytes, int] | None = None

    def take_over(self, fd: int, cipher: str, secret: Secret, records: int) -> bool:
        hash_name, algorithm = SUITES[cipher]
        key, iv = traffic_keys(hash_name, secret, 32 if "256" in algorithm else 16)
        self.told = (key, iv, records)
        return False


class Keeping:
    """A socket that keeps what came."""

    def __init__(self, plain: socket.socket) -> None:
        self.plain, self.came = plain, bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def recv(self, size: int) -> bytes:
        piece = self.plain.recv(size)
        self.came += piece
        return piece


@pytest.fixture
def overheard(
    request: pytest.FixtureRequest,
    folder: str,
    tmp_path: Path,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Running, Overhearing]]:
    if "retried" in request.node.name:
        monkeypatch.setattr("gearshift.tls.keyring.context_of", context_that_retries)
    offload = Overhearing(frozenset(algorithm for _, algorithm in SUITES.values()), None)  # type: ignore[arg-type]
    monkeypatch.setattr("gearshift.tls.offload.offload_to_be_had", lambda _log: offload)
    with run(folder, "thread", tmp_path, **settings) as running:
        yield running, offload


def lengths_and_contents(sealed: bytes, key: bytes, iv: bytes) -> list[tuple[int, bytes]]:
    """Every record, opened with its number in the row (RFC 8446 sections 5.2 and 5.3): what kind it is, and what it
    holds. Raises InvalidTag where one is another's.
    """
    found: list[tuple[int, bytes]] = []
    place = 0
    while place < len(sealed):
        start, place = place + 5, place + 5 + int.from_bytes(sealed[place + 3 : place + 5], "big")
        nonce = (int.from_bytes(iv, "big") ^ len(found)).to_bytes(12, "big")
        plain = AESGCM(key).decrypt(nonce, sealed[start:place], sealed[start - 5 : start])
        found.append((plain[-1], plain[:-1]))
    return found


@pytest.mark.parametrize("kind", ["first", "second", "third", "resumed", "retried"])
def test_the_record_that_is_next(overheard: tuple[Running, Overhearing], kind: str) -> None:
    running, offload = overheard
    context = certificates().client()
    session = None
    if kind == "resumed":
        with sealed(running, context=context) as wire:
            wire.ask(request("/small.txt"))
            session = tls_of(wire).tls.session
    wire = running.connect()
    keeping = Keeping(wire.socket)
    wire.socket = tls = SealedSocket(keeping, context, session=session)  # type: ignore[assignment,arg-type]
    with wire:
        flight = len(keeping.came)
        assert tls.tls.session_reused == (kind == "resumed")
        before = {"second": 1, "third": 2}.get(kind, 0)
        for _ in range(before):
            assert wire.ask(request("/small.txt")).body == SMALL
        assert offload.told is None
        assert wire.ask(request("/medium.bin")).body == MEDIUM
    assert offload.told is not None
    key, iv, number = offload.told
    records = lengths_and_contents(bytes(keeping.came[flight:]), key, iv)
    tickets = 1
    assert [kind for kind, _ in records] == [22] * tickets + [23] * (len(records) - tickets)
    # Tickets, an answer each, the file's head and its first piece have left: the kernel would go on with the second.
    assert number == tickets + before + 2
    assert records[number - 1][1] == MEDIUM[:16384]
    assert records[number][1] == MEDIUM[16384:32768]


@pytest.mark.parametrize(
    ("options", "updates"),
    [
        (("-tls1_2",), False),
        (("-tls1_3", "-maxfraglen", "1024"), False),
        (("-tls1_3", "-alpn", "h2"), False),
        (("-tls1_3",), True),
        (("-tls1_3",), False),
    ],
)
def test_whom_the_kernel_does_not_serve(
    openssl: str, overheard: tuple[Running, Overhearing], options: tuple[str, ...], updates: bool
) -> None:
    """TLS 1.2, short records (RFC 6066 section 4), HTTP/2, and one that changes its keys before its first file."""
    running, offload = overheard
    with s_client(openssl, running, *options) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        if "h2" in options:
            client.stdin.write(b"\n")
        else:
            ask(client, "/small.txt", SMALL)
            if updates:
                update_keys(client)
            assert MEDIUM in ask(client, "/medium.bin", MEDIUM[-100:])
        client.stdin.close()
    assert (offload.told is None) == (options != ("-tls1_3",) or updates)
