"""Other clients than ours."""

from __future__ import annotations

import subprocess

import httpx

from tests.support.sealed import certificates
from tests.support.sealed_clients import SEALS_ITSELF
from tests.support.servers import Running

pytestmark = SEALS_ITSELF


def test_httpx(site: Running) -> None:
    url = site.server.url.replace("127.0.0.1", "localhost")
    with httpx.Client(verify=certificates().client(), trust_env=False) as client:
        for _ in range(3):
            assert client.get(url + "/hello").text == "hello"
        assert client.post(url + "/echo", content=b"y" * 300_000).content == b"y" * 300_000
        assert len(client.get(url + "/large-stream?500000").content) == 500_000


def test_curl(site: Running) -> None:
    url = site.server.url.replace("127.0.0.1", "localhost")
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", certificates().ca]
    assert (
        subprocess.check_output([*command, url + "/hello", url + "/stream"], timeout=20)
        == b"helloonetwothree"
    )
    body = subprocess.check_output(
        [*command, "--data-binary", "@-", url + "/echo"], input=b"z" * 100_000, timeout=20
    )
    assert body == b"z" * 100_000
