"""A Flask application."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.applications.served import Served, Sites, curl
from tests.support.waiting import eventually

UPLOAD = os.urandom(1024) * 5 * 1024


@pytest.fixture
def site(engine: str, sites: Sites) -> Served:
    return sites.get("flask_site:app", engine)


def test_hello(site: Served) -> None:
    with site.client() as client:
        answer = client.get("/")
    assert (answer.text, answer.headers["Content-Type"]) == ("hello from Flask", "text/html; charset=utf-8")
    assert curl(f"{site.url}/").body == b"hello from Flask"


def test_json(site: Served) -> None:
    with site.client() as client:
        assert client.post("/json", json={"a": 2, "b": "\u00e9"}).json() == {"a": 4, "b": "\u00e9\u00e9"}
        assert (
            client.post("/json", content="{", headers={"Content-Type": "application/json"}).status_code == 400
        )
        assert client.get("/").status_code == 200
    curled = curl("-H", "Content-Type: application/json", "--data", '{"a": 3}', f"{site.url}/json")
    assert json.loads(curled.body) == {"a": 6}


def test_form(site: Served) -> None:
    with site.client() as client:
        assert client.post("/form", data={"a": ["1", "2"], "b": "\u00fc&="}).json() == {
            "a": ["1", "2"],
            "b": ["\u00fc&="],
        }
    assert json.loads(curl("--data-urlencode", "a=\u00fc", f"{site.url}/form").body) == {"a": ["\u00fc"]}


def test_upload(site: Served) -> None:
    expected = {"name": "f.bin", "size": len(UPLOAD), "sha256": hashlib.sha256(UPLOAD).hexdigest()}
    with site.client() as client:
        assert client.post("/upload", files={"file": ("f.bin", UPLOAD)}).json() == expected
    curled = curl("-F", "file=@-;filename=f.bin", f"{site.url}/upload", given=UPLOAD)
    assert json.loads(curled.body) == expected


def test_body_of_unknown_length(site: Served) -> None:
    """Werkzeug reads a chunked body only where the server says that its input ends."""
    expected = {
        "size": len(UPLOAD),
        "sha256": hashlib.sha256(UPLOAD).hexdigest(),
        "terminated": True,
        "declared": None,
    }

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(UPLOAD), 99_991):
            yield UPLOAD[start : start + 99_991]

    with site.client() as client:
        assert client.post("/body", content=pieces()).json() == expected
        assert client.post("/body", content=iter([])).json()["size"] == 0
        assert client.get("/").status_code == 200
    chunked = curl(
        "-H", "Transfer-Encoding: chunked", "--data-binary", "@-", f"{site.url}/body", given=UPLOAD
    )
    assert json.loads(chunked.body) == expected


def test_body_that_nobody_reads(site: Served) -> None:
    """The connection goes on after a small one; after a large one the answer still arrives."""
    with site.client() as client:
        for content in (b"x" * 1000, b"x" * 60_000):
            assert client.post("/", content=content).status_code == 405
            assert client.get("/").status_code == 200
        assert client.post("/", content=UPLOAD).status_code == 405


def test_stream(site: Served) -> None:
    with site.client() as client, client.stream("GET", "/stream?count=1000") as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert list(answer.iter_lines()) == [f"line {number}" for number in range(1000)]
    assert curl(f"{site.url}/stream").body == b"line 0\nline 1\nline 2\n"


@pytest.mark.parametrize("count", [3, 10_000_000])
def test_generator_is_closed(site: Served, count: int) -> None:
    """Also when the client leaves in the middle, and when it asks with HEAD."""
    with site.client() as client:
        before = client.get("/notes").json().count("stream closed")
        with client.stream("GET", f"/stream?count={count}") as answer:
            assert next(answer.iter_lines()) == "line 0"
        eventually(lambda: client.get("/notes").json().count("stream closed") == before + 1, "it is closed")
    assert "Traceback" not in site.err().partition("GeneratorExit")[2]


def test_whole_file(site: Served, sites: Sites) -> None:
    before = site.written()
    with site.client() as client:
        answer = client.get("/file")
    assert answer.content == sites.large
    assert site.written() - before >= len(sites.large)  # sendfile
    assert curl(f"{site.url}/file").body == sites.large


@pytest.mark.parametrize(
    ("asked", "start", "end"), [("0-99", 0, 100), ("1000000-2999999", 1_000_000, 3_000_000), ("-5", -5, None)]
)
def test_part_of_a_file(asked: str, start: int, end: int | None, site: Served, sites: Sites) -> None:
    part = sites.large[start:end]
    with site.client() as client:
        answer = client.get("/file", headers={"Range": f"bytes={asked}"})
        assert client.get("/").status_code == 200
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["Content-Length"] == str(len(part))
    curled = curl("--range", asked, f"{site.url}/file")
    assert (curled.status, curled.body) == (206, part)


def test_file_that_has_not_changed(site: Served) -> None:
    with site.client() as client:
        fields = client.head("/file").headers
        for condition in ({"If-None-Match": fields["ETag"]}, {"If-Modified-Since": fields["Last-Modified"]}):
            answer = client.get("/file", headers=condition)
            assert (answer.status_code, answer.content) == (304, b"")
        assert client.get("/file", headers={"Range": "bytes=99999999-"}).status_code == 416
        assert client.get("/").status_code == 200


def test_head(site: Served, sites: Sites) -> None:
    with site.client() as client:
        answer = client.head("/file")
        assert (answer.content, answer.headers["Content-Length"]) == (b"", str(len(sites.large)))
        assert client.head("/").headers["Content-Length"] == "16"
        assert client.get("/").text == "hello from Flask"
    assert curl("--head", f"{site.url}/file").fields["content-length"] == str(len(sites.large))


def test_redirect(site: Served) -> None:
    with site.client() as client:
        answer = client.get("/old")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
        assert client.get("/old", follow_redirects=True).text == "hello from Flask"
    assert curl("-L", f"{site.url}/old").body == b"hello from Flask"


def test_errors_the_application_handles(site: Served) -> None:
    with site.client() as client:
        answer = client.get("/forbidden")
        assert (answer.status_code, answer.text) == (403, "handled: not you")
        assert client.get("/teapot").status_code == 418
        assert client.get("/nothing").status_code == 404
        assert client.delete("/").status_code == 405


def test_broken_view_is_500_and_logged(site: Served) -> None:
    """Flask writes the traceback to wsgi.errors, which is the server's error log."""
    before = site.err().count("LookupError: the view broke")
    with site.client() as client:
        assert client.get("/broken").status_code == 500
        assert client.get("/").status_code == 200
    log = site.logged("LookupError: the view broke", before + 1)
    assert "Exception on /broken [GET]" in log


def test_who_asks_and_whom(site: Served) -> None:
    port = site.port
    with site.client() as client:
        assert client.get("/who?x=1&y=%26").json() == {
            "address": "127.0.0.1",
            "external": f"http://127.0.0.1:{port}/",
            "host": f"127.0.0.1:{port}",
            "arguments": {"x": "1", "y": "&"},
        }
    named = json.loads(curl("-H", "Host: shop.example", f"{site.url}/who").body)
    assert named["external"] == "http://shop.example/"


def test_path_beyond_ascii(site: Served) -> None:
    with site.client() as client:
        assert client.get("/caf%C3%A9/na%C3%AFve%20one").text == "na\u00efve one"
        assert client.get("/caf\u00e9/\u4f60\u597d").text == "\u4f60\u597d"


def test_many_clients_at_once(site: Served) -> None:
    limits = httpx.Limits(max_connections=20)
    with site.client(limits=limits) as client, ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: client.post("/json", json={"n": number}).json(), range(200)))
    assert answers == [{"n": 2 * number} for number in range(200)]
