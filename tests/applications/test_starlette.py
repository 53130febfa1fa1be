"""A Starlette application with nothing between it and the server."""

from __future__ import annotations

import hashlib
import json
import os
import time

import httpx
import pytest

from tests.applications.served import Served, Sites, curl
from tests.support.waiting import eventually

UPLOAD = os.urandom(1024) * 5 * 1024


@pytest.fixture
def site(engine: str, sites: Sites) -> Served:
    return sites.get("starlette_site:app", engine)


def said_again(site: Served, text: str, before: str) -> None:
    """Waits until the application has said it once more than it had in `before`."""
    eventually(lambda: site.out().count(text) == before.count(text) + 1, f"{text!r} is said")


def test_lifespan_state_is_shared(site: Served) -> None:
    with site.client() as client:
        first = int(client.get("/").text.rpartition(" ")[2])
        assert client.get("/").text == f"hello from Starlette, visit {first + 1}"
    assert curl(f"{site.url}/").body.endswith(b" %d" % (first + 2))


def test_form(site: Served) -> None:
    with site.client() as client:
        assert client.post("/form", data={"a": "1", "b": "\u00e9"}).json() == {"a": "1", "b": "\u00e9"}
    assert json.loads(curl("--data", "a=2", f"{site.url}/form").body) == {"a": "2"}


def test_upload(site: Served) -> None:
    expected = {"size": len(UPLOAD), "sha256": hashlib.sha256(UPLOAD).hexdigest()}
    with site.client() as client:
        assert client.post("/upload", files={"file": ("f", UPLOAD)}).json() == expected
    assert json.loads(curl("-F", "file=@-", f"{site.url}/upload", given=UPLOAD).body) == expected


def test_redirect(site: Served) -> None:
    with site.client() as client:
        assert client.get("/moved").headers["Location"] == f"{site.url}/"
        assert client.get("/moved", follow_redirects=True).text.startswith("hello from Starlette")
    assert curl("-L", f"{site.url}/moved").body.startswith(b"hello from Starlette")


def test_long_stream_waits_for_its_reader(site: Served) -> None:
    """64 MiB to a reader that pauses: they stay in the application, not in the server's memory."""
    with site.client() as client:
        before = site.peak_memory()
        with client.stream("GET", "/flood") as answer:
            pieces = answer.iter_raw(65536)
            received = len(next(pieces))
            time.sleep(0.1)  # the slow reader's pause
            received += sum(map(len, pieces))
        assert received == 64 * 1024 * 1024
        assert site.peak_memory() - before < 16 * 1024 * 1024


def test_endless_stream_ends_with_its_reader(site: Served) -> None:
    before = site.out()
    with site.client() as client, client.stream("GET", "/ticks") as answer:
        assert next(answer.iter_lines()) == "data: tick"
    said_again(site, "ticks ended", before)
    before = site.out()
    assert curl("--max-time", "0.2", f"{site.url}/ticks", code=28).body.startswith(b"data: tick\n\n")
    said_again(site, "ticks ended", before)


def test_disconnect_is_told_to_who_asks(site: Served) -> None:
    before = site.out()
    with site.client() as client, pytest.raises(httpx.ReadTimeout):
        client.get("/poll", timeout=0.2)
    said_again(site, "poll ended after some", before)


def test_broken_endpoint_is_500_and_logged_once(site: Served) -> None:
    start = len(site.err())
    with site.client() as client:
        assert client.get("/broken").status_code == 500
        assert client.get("/").status_code == 200
    eventually(lambda: "LookupError: the endpoint broke" in site.err()[start:], "the error is logged")
    log = site.err()[start:]
    assert log.count("Traceback") == log.count("LookupError: the endpoint broke") == 1
    assert "GET /broken" in log


def test_stream_that_breaks_is_cut_and_logged_once(site: Served) -> None:
    start = len(site.err())
    assert curl(f"{site.url}/broken-stream", code=18).body == b"before it broke\n"  # 18: cut short
    eventually(lambda: "LookupError: the stream broke" in site.err()[start:], "the error is logged")
    log = site.err()[start:]
    assert log.count("LookupError: the stream broke") == 1
    assert "GET /broken-stream" in log
    with site.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/broken-stream")


def test_background_task_runs_after_the_answer(site: Served) -> None:
    before = site.out()
    with site.client() as client:
        began = time.monotonic()
        assert client.get("/background?seconds=0.3").text == "answered"
        assert time.monotonic() - began < 0.25
    said_again(site, "background done", before)
