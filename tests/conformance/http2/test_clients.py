"""Clients that people use: curl, httpx and nghttp2's, in the clear and over TLS, on every engine."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import ssl
import subprocess
from typing import Any

import httpx
import pytest

from tests.conformance.conftest import Serve
from tests.support.sealed import certificates
from tests.support.servers import Running

BODY = bytes(range(256)) * 4096


@pytest.fixture(params=["clear", "tls"])
def site(request: pytest.FixtureRequest, serve_probe: Serve) -> Running:
    """The probe, with and without a certificate."""
    if request.param == "clear":
        return serve_probe()
    return serve_probe(certfile=certificates().chain, keyfile=certificates().key)


@pytest.fixture
def interface() -> str:
    """The interfaces are told apart in test_streams.py."""
    return "asgi"


def url(site: Running, path: str) -> str:
    return f"{site.server.url.rstrip('/')}{path}"


def curl(site: Running, path: str, *more: str, body: bytes = b"") -> bytes:
    ways = ["--http2-prior-knowledge"] if site.server.url.startswith("http:") else ["--http2", "--insecure"]
    words = ["curl", "--silent", "--show-error", "--max-time", "20", *ways, *more, url(site, path)]
    return subprocess.run(words, input=body, capture_output=True, check=True).stdout


def test_curl(site: Running) -> None:
    assert curl(site, "/hello", "--write-out", " %{http_version} %{http_code}") == b"hello 2 200"
    sent = curl(site, "/echo", "--data-binary", "@-", body=BODY)
    assert hashlib.sha256(sent).digest() == hashlib.sha256(BODY).digest()
    assert len(curl(site, "/large?3000000")) == 3_000_000


def test_httpx(site: Running) -> None:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    async def ask() -> None:
        clear = site.server.url.startswith("http:")
        async with httpx.AsyncClient(http1=not clear, http2=True, verify=trusting, timeout=20) as client:
            answers = await asyncio.gather(
                *[client.post(url(site, "/echo"), content=BODY[: 1000 * n]) for n in range(20)],
                client.get(url(site, "/large-stream?500000")),
            )
        assert {answer.http_version for answer in answers} == {"HTTP/2"}
        assert [len(answer.content) for answer in answers] == [*[1000 * n for n in range(20)], 500_000]

    asyncio.run(ask())


@pytest.mark.skipif(shutil.which("h2load") is None, reason="h2load is not installed (Debian: nghttp2-client)")
def test_h2load(site: Running) -> None:
    words: list[Any] = ["h2load", "-n", "600", "-c", "4", "-m", "30", url(site, "/hello")]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout
    assert "600 succeeded, 0 failed, 0 errored, 0 timeout" in said
    assert "600 2xx" in said


def test_http_1_is_still_spoken(site: Running) -> None:
    assert curl(site, "/hello", "--http1.1", "--write-out", " %{http_version}") == b"hello 1.1"
