"""Kernel TLS after handshakes of every kind, beside another client; and for whom it is not: new keys, HTTP/2, forgery.

Where the kernel has no TLS (`modprobe tls` loads it) these are skipped.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gearshift.tls.offload import SUITES
from tests.conformance.kernel_tls.sites import (
    ALGORITHMS,
    CONTENT,
    MEDIUM,
    SMALL,
    ask,
    context_that_retries,
    in_kernel,
    s_client,
    sealed,
    sealer,
    tls_of,
    update_keys,
)
from tests.support.answers import read_all
from tests.support.sealed import EverythingSealed, certificates
from tests.support.servers import Running, run
from tests.support.wire import request

pytestmark = pytest.mark.skipif(EverythingSealed.on, reason="these tests seal their connections themselves")


@in_kernel
def test_after_a_hello_retry_request(
    folder: str, tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gearshift.tls.keyring.context_of", context_that_retries)
    with run(folder, "epoll", tmp_path, **settings) as running, sealed(running) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        assert sealer(running) == "kernel"


@in_kernel
def test_with_a_clients_certificate_and_another_name(
    folder: str, tmp_path: Path, settings: dict[str, Any]
) -> None:
    other, other_key = certificates().issue("kernel-tls", "other.test")
    chain, key = certificates().issue("kernel-tls-client", "client.test")
    settings["certfile"], settings["keyfile"] = (
        (settings["certfile"], other),
        (settings["keyfile"], other_key),
    )
    asked = {"client_ca": certificates().ca, "client_certificate": "required"}
    context = certificates().client()
    context.load_cert_chain(chain, key)
    with (
        run(folder, "epoll", tmp_path, **settings, **asked) as running,
        sealed(running, context=context, host="other.test") as wire,
    ):
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        assert sealer(running) == "kernel"


@in_kernel
@pytest.mark.parametrize("suite", SUITES)
def test_another_client_with_each_suite(openssl: str, one_site: Running, suite: str) -> None:
    asked = request("/medium.bin", "Range: bytes=0-299999") + request("/medium.bin", "Connection: close")
    with s_client(openssl, one_site, "-quiet", "-tls1_3", "-ciphersuites", suite) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(asked)
        client.stdin.flush()
        said = client.stdout.read()
    answers = read_all(said[said.index(b"HTTP/1.1 ") :], ())
    assert [answer.body for answer in answers] == [MEDIUM[:300_000], MEDIUM]
    if SUITES[suite][1] not in ALGORITHMS:
        pytest.skip(f"this kernel has no {SUITES[suite][1]}: OpenSSL has sealed it")


# ---- what forbids it ---------------------------------------------------------------------------------------------


@in_kernel
@pytest.mark.parametrize(
    "options", [("-tls1_2",), ("-tls1_3", "-maxfraglen", "1024"), ("-tls1_3", "-maxfraglen", "512")]
)
def test_clients_that_openssl_serves(openssl: str, one_site: Running, options: tuple[str, ...]) -> None:
    """TLS 1.2, and records shorter than the kernel makes them (RFC 6066 section 4)."""
    with s_client(openssl, one_site, "-quiet", *options) as client:
        assert ask(client, "/medium.bin", MEDIUM[-100:]).endswith(MEDIUM)
        assert sealer(one_site) == "openssl"
        client.kill()


@in_kernel
def test_new_keys_before_the_first_file(openssl: str, one_site: Running) -> None:
    """OpenSSL goes on, and answers the client's KeyUpdate with its own."""
    with s_client(openssl, one_site, "-tls1_3") as client:
        ask(client, "/small.txt", SMALL)
        update_keys(client)
        assert MEDIUM in ask(client, "/medium.bin", MEDIUM[-100:])
        assert sealer(one_site) == "openssl"
        client.kill()


@in_kernel
@pytest.mark.parametrize("amid", [False, True])
def test_new_keys_that_nobody_can_give(openssl: str, one_site: Running, amid: bool) -> None:
    """The kernel seals already: the connection ends, in good order, after what is under way."""
    with s_client(openssl, one_site, "-tls1_3") as client:
        assert client.stdin is not None
        assert client.stdout is not None
        said = ask(client, "/large.bin", CONTENT[:100] if amid else CONTENT[-100:])
        client.stdin.write(b"K\n")
        client.stdin.flush()
        said += client.stdout.read()
    assert b"KEYUPDATE" in said
    assert CONTENT in said.replace(b"KEYUPDATE\n", b"")
    assert said.rstrip().endswith(b"closed")


@in_kernel
def test_what_was_tampered_with_ends_the_connection(one_site: Running) -> None:
    with sealed(one_site) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        tls = tls_of(wire)
        tls.tls.write(request("/medium.bin"))
        record = bytearray(tls.outgoing.read())
        record[-1] ^= 1
        tls.raw.sendall(record)
        ending = wire.read_to_end()
        assert ending.data == b""
        assert ending.reset or tls.truncated
    assert one_site.log() == ""


@in_kernel
def test_http2_goes_without(one_site: Running) -> None:
    curl = shutil.which("curl")
    if curl is None or "HTTP2" not in subprocess.run([curl, "-V"], capture_output=True, text=True).stdout:
        pytest.skip("no curl with HTTP/2 here")
    done = subprocess.run(
        [curl, "-s", "--http2", "-w", "%{http_version}", "--cacert", certificates().ca,
         f"https://localhost:{one_site.address[1]}/medium.bin"],
        capture_output=True,
        timeout=60,
    )  # fmt: skip
    assert done.stdout == MEDIUM + b"2"
