"""A Django project, as WSGI and as ASGI application."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import httpx
import pytest

from tests.applications.served import Served, Sites, curl
from tests.support.waiting import eventually

UPLOAD = os.urandom(1024) * 5 * 1024  # 5 MiB, which Django keeps in a temporary file


@pytest.fixture(params=["wsgi", "asgi"])
def site(request: pytest.FixtureRequest, engine: str, sites: Sites) -> Served:
    """The project behind each interface."""
    return sites.get(f"django_site:{request.param}", engine)


@pytest.fixture
def asynchronous(engine: str, sites: Sites) -> Served:
    """The project behind ASGI."""
    return sites.get("django_site:asgi", engine)


def test_plain_view(site: Served) -> None:
    with site.client() as client:
        for _ in range(3):
            answer = client.get("/")
            assert (answer.status_code, answer.text) == (200, "hello from Django")
            assert answer.headers["Content-Length"] == "17"
    assert curl(f"{site.url}/").body == b"hello from Django"


def test_head(site: Served) -> None:
    answer = curl("--head", f"{site.url}/")
    assert (answer.status, answer.fields["content-length"], answer.body) == (200, "17", answer.body)
    with site.client() as client:
        assert client.head("/").content == b""
        assert client.get("/").text == "hello from Django"


def test_form_with_its_token(site: Served) -> None:
    with site.client() as client:
        token = client.get("/form").json()["token"]
        fields = {"csrfmiddlewaretoken": token, "name": "Zo\u00eb", "colour": ["red", "blue"]}
        answer = client.post("/form", data=fields)
        assert answer.json() == {
            "colour": ["red", "blue"],
            "csrfmiddlewaretoken": [token],
            "name": ["Zo\u00eb"],
        }


def test_form_without_its_token_is_refused(site: Served) -> None:
    answer = curl("--data", "name=Eve", f"{site.url}/form")
    assert answer.status == 403
    with site.client() as client:
        assert client.post("/form", data={"name": "Eve"}).status_code == 403
        assert client.get("/").status_code == 200


def test_upload(site: Served, tmp_path: Path) -> None:
    expected = {
        "name": "photo.jpg",
        "size": len(UPLOAD),
        "sha256": hashlib.sha256(UPLOAD).hexdigest(),
        "title": "Sea",
    }
    with site.client() as client:
        answer = client.post("/upload", files={"file": ("photo.jpg", UPLOAD)}, data={"title": "Sea"})
        assert answer.json() == expected
    (tmp_path / "photo.jpg").write_bytes(UPLOAD)
    # curl asks for leave to send it (Expect: 100-continue).
    curled = curl("-F", "title=Sea", "-F", f"file=@{tmp_path}/photo.jpg", f"{site.url}/upload")
    assert httpx.Response(200, content=curled.body).json() == expected


def test_stream(site: Served) -> None:
    with site.client() as client, client.stream("GET", "/stream?count=1000") as answer:
        assert list(answer.iter_lines()) == [f"piece {number}" for number in range(1000)]
    assert curl("--http1.0", f"{site.url}/stream").body == b"piece 0\npiece 1\npiece 2\n"


def test_stream_left_early_is_closed(site: Served) -> None:
    with site.client() as client:
        before = client.get("/notes").json().count("stream closed")
        with client.stream("GET", "/stream?count=10000000") as answer:
            next(answer.iter_lines())
        eventually(
            lambda: client.get("/notes").json().count("stream closed") == before + 1,
            "the generator is closed",
        )


def test_stream_that_breaks_is_cut_and_logged(site: Served) -> None:
    start = len(site.err())
    assert curl(f"{site.url}/broken-stream", code=18).body == b"before it broke\n"  # 18: cut short
    with site.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/broken-stream")
    eventually(lambda: site.err()[start:].count("error in GET /broken-stream") == 2, "both are logged")
    assert "LookupError: the stream broke" in site.err()[start:]


def test_file(site: Served, sites: Sites) -> None:
    with site.client() as client:
        answer = client.get("/file")
    assert answer.content == sites.large
    assert answer.headers["Content-Disposition"] == 'attachment; filename="large.bin"'
    assert answer.headers["Content-Length"] == str(len(sites.large))
    assert curl(f"{site.url}/file").body == sites.large


def test_file_is_sent_by_the_kernel(engine: str, sites: Sites) -> None:
    """Django hands its file to wsgi.file_wrapper."""
    site = sites.get("django_site:wsgi", engine)
    before, descriptors = site.written(), site.descriptors()
    with site.client() as client:
        assert client.get("/file").content == sites.large
        assert site.written() - before >= len(sites.large)

    # Without the interpreter lock what a thread has made is freed when it runs again (docs/free-threading.md).
    late = 0 if getattr(sys, "_is_gil_enabled", lambda: True)() else 1
    eventually(lambda: site.descriptors() <= descriptors + late, "file and connection are closed")


def test_session_and_cookies(site: Served, tmp_path: Path) -> None:
    with site.client() as client:
        assert [client.get("/visits").json()["visits"] for _ in range(3)] == [1, 2, 3]
        assert client.cookies["flavour"] == '"oat and raisin"'
        answer = client.get("/visits")
        assert len(answer.headers.get_list("Set-Cookie")) == 3
    jar = str(tmp_path / "jar")
    curl("-b", jar, "-c", jar, f"{site.url}/visits")
    assert curl("-b", jar, "-c", jar, f"{site.url}/visits").body == b'{"visits": 2}'


def test_not_found(site: Served) -> None:
    with site.client() as client:
        assert client.get("/no/such/page").status_code == 404
    assert curl(f"{site.url}/nothing").status == 404


def test_broken_view_is_500_and_logged(site: Served) -> None:
    """Django answers and logs it itself; the connection goes on."""
    before = site.err().count("LookupError: the view broke")
    with site.client() as client:
        assert client.get("/broken").status_code == 500
        assert client.get("/").status_code == 200
    log = site.logged("LookupError: the view broke", before + 1)
    assert "Internal Server Error: /broken" in log


def test_asynchronous_view(site: Served) -> None:
    with site.client() as client:
        assert client.get("/wait").text == "waited"


def test_asynchronous_view_is_cancelled_when_its_client_leaves(asynchronous: Served) -> None:
    with asynchronous.client() as client:
        before = client.get("/notes").json()
        with pytest.raises(httpx.ReadTimeout):
            client.get("/hold", timeout=0.3)
        eventually(
            lambda: client.get("/notes").json()[len(before) :] == ["held", "cancelled"],
            "the view is cancelled",
        )
    assert "CancelledError" not in asynchronous.err()


def test_what_a_view_knows_of_its_request(site: Served) -> None:
    port = site.port
    with site.client() as client:
        seen = client.get(
            "/who/caf%C3%A9/a%2Fb?q=%C3%A9t%C3%A9", headers=[(b"X-Given", "caf\u00e9".encode())]
        ).json()
    assert seen == {
        "address": "127.0.0.1",
        "absolute": f"http://127.0.0.1:{port}/somewhere?x=1",
        "path": "/who/caf\u00e9/a/b",
        "query": {"q": "\u00e9t\u00e9"},
        "secure": False,
        "header": "caf\u00c3\u00a9",  # both interfaces give header bytes as latin-1
    }


def test_host_that_is_not_allowed(site: Served) -> None:
    assert curl("-H", "Host: evil.example", f"{site.url}/who/x").status == 400


def test_static_files(site: Served) -> None:
    with site.client() as client:
        answer = client.get("/static/site.css")
        assert answer.text == "body { color: teal }\n"
        assert answer.headers["Content-Type"] == "text/css"
        since = {"If-Modified-Since": answer.headers["Last-Modified"]}
        again = client.get("/static/site.css", headers=since)
        assert (again.status_code, again.content) == (304, b"")
        assert client.get("/static/none.css").status_code == 404
    assert curl("--path-as-is", f"{site.url}/static/../django_site.py").status == 400
