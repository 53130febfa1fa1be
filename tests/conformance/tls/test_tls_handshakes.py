"""Handshakes that don't come about, that are cut short, and those that save one."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import subprocess
import time
from typing import Any

import pytest

from tests.support.answers import read_all
from tests.support.sealed import SealedSocket, certificates
from tests.support.sealed_clients import SEALS_ITSELF, failures, raw, sealed, tls_of, until_end
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import request

pytestmark = SEALS_ITSELF

SHORT = 0.4  # seconds that a handshake may take


def test_plain_http_is_told_so_once(site: Running) -> None:
    before = failures(site)
    with raw(site) as plain:
        plain.sendall(request("/hello") * 2)
        (answer,) = read_all(until_end(plain), ())
        assert (answer.status, answer.closes) == (400, True)
        assert b"HTTPS" in answer.body
    assert failures(site) == before + 1
    assert site.probe.started == []


@pytest.mark.parametrize(
    "data", [b"\x00" * 50, b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x03\xff\xff" + b"x" * 99]
)
def test_what_is_no_handshake_is_closed(site: Running, data: bytes) -> None:
    before = failures(site)
    with raw(site) as plain:
        plain.sendall(data)
        plain.shutdown(socket.SHUT_WR)
        assert until_end(plain)[:1] in (b"", b"\x15")  # nothing, or an alert
    eventually(lambda: failures(site) == before + 1, "it is counted")
    assert site.log() == ""


def test_old_versions_have_no_handshake(site: Running) -> None:
    context = certificates().client()
    with pytest.warns(DeprecationWarning, match="TLSVersion.TLSv1"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    before = failures(site)
    with raw(site) as plain, pytest.raises((ssl.SSLError, OSError)):
        SealedSocket(plain, context)
    eventually(lambda: failures(site) == before + 1, "it is counted")
    assert site.log() == ""


def test_a_handshake_that_does_not_come(serve_probe: Any, pair: dict[str, Any]) -> None:
    """No byte of an answer: a 408 would be plain."""
    running: Running = serve_probe(timeout_head=SHORT, **pair)
    for data in (b"", b"\x16\x03\x01"):
        with raw(running) as plain:
            plain.sendall(data)
            assert until_end(plain) == b""


def test_the_session_is_resumed(site: Running) -> None:
    context = certificates().client(maximum_version=ssl.TLSVersion.TLSv1_2)
    with sealed(site, context=context) as wire:
        assert wire.ask(request()).body == b"hello"
        session = tls_of(wire).tls.session
    with sealed(site, context=context, session=session) as wire:
        assert tls_of(wire).tls.session_reused
        assert wire.ask(request()).body == b"hello"


def test_no_second_handshake_on_a_connection(site: Running) -> None:
    """Renegotiation is TLS 1.2's; openssl s_client asks for it on a line with an R."""
    host, port = site.address
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_2", "-servername", "localhost"]
    done = subprocess.run(command, input=b"R\n", capture_output=True, timeout=20)
    assert b"no renegotiation" in done.stderr


def test_resets_are_survived(site: Running) -> None:
    """A reset in the very handshake."""
    for _ in range(5):
        plain = raw(site)
        plain.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.close()
    with sealed(site) as wire:
        assert wire.ask(request()).body == b"hello"
    assert site.log() == ""


def test_a_record_that_does_not_end_is_a_head_that_does_not(serve_probe: Any, pair: dict[str, Any]) -> None:
    """Its bytes, one at a time, win no time, though none of them can be opened."""
    running: Running = serve_probe(timeout_head=SHORT, **pair)
    with sealed(running) as wire:
        assert wire.ask(request()).status == 200
        tls = tls_of(wire)
        tls.tls.write(request())
        record = tls.outgoing.read()
        began = time.monotonic()
        for byte in memoryview(record[:-1]):
            tls.raw.send(bytes([byte]))
            if select.select([tls.raw], [], [], SHORT / 8)[0]:
                break
        assert wire.read_to_end().only_answer().status == 408
        assert time.monotonic() - began < 8 * SHORT
