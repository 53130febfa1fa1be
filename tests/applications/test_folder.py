"""A folder of files over the wire: the details are tested beside the responder, here is that they arrive."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.applications.served import Served, curl, serving
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

SCRIPT = b"console.log('hello');\n" * 5000
HUGE = 200 * 1024 * 1024
LONG = 8 * 1024 * 1024
MARKS = {0: b"begins", 100 * 1024 * 1024: b"middle", HUGE - 4: b"ends"}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>front</title>")
    (folder / "app.js").write_bytes(SCRIPT)
    (folder / "app.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "with space and \u00e9.txt").write_text("named")
    (folder / "inner").mkdir()
    (folder / "inner" / "index.html").write_text("inner front")
    with (folder / "huge.bin").open("wb") as huge:  # sparse: only the marks take room on the disk
        huge.truncate(HUGE)
        for place, mark in MARKS.items():
            huge.seek(place)
            huge.write(mark)
    return folder


@pytest.fixture(scope="session")
def folders(files: Path) -> Iterator[dict[str, Served]]:
    """The folder on each engine."""
    with (
        serving("--engine", "thread", str(files)) as thread,
        serving("--engine", "pool", str(files)) as pool,
        serving("--engine", "epoll", str(files)) as epoll,
        serving("--engine", "uring", str(files)) as uring,
        serving("--engine", "auto", str(files)) as auto,
    ):
        yield {"thread": thread, "pool": pool, "epoll": epoll, "uring": uring, "auto": auto}


@pytest.fixture
def site(engine: str, folders: dict[str, Served]) -> Served:
    return folders[engine]


def test_pages_and_files(site: Served) -> None:
    with site.client() as client:
        front = client.get("/")
        assert (front.status_code, front.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert client.get("/inner/").text == "inner front"
        assert client.get("/inner", follow_redirects=True).text == "inner front"
        assert client.get("/with%20space%20and%20%C3%A9.txt").text == "named"
        assert client.get("/nothing").status_code == 404
        assert client.post("/").status_code == 405
        assert client.get("/..%2f..%2fetc/passwd").status_code in (400, 404)
    assert curl("--path-as-is", f"{site.url}/../../etc/passwd").status in (400, 404)


def test_head(site: Served) -> None:
    with site.client() as client:
        answer = client.head("/huge.bin")
        assert (answer.content, answer.headers["Content-Length"]) == (b"", str(HUGE))
        assert client.get("/inner/").text == "inner front"


def test_not_modified(site: Served, tmp_path: Path) -> None:
    with site.client() as client:
        for path in ("/", "/app.js", "/huge.bin"):
            fields = client.head(path).headers
            for condition in (
                {"If-None-Match": fields["ETag"]},
                {"If-Modified-Since": fields["Last-Modified"]},
            ):
                answer = client.get(path, headers=condition)
                assert (answer.status_code, answer.content) == (304, b"")
        changed = client.get("/", headers={"If-None-Match": '"another"'})
        assert changed.status_code == 200
    etags = str(tmp_path / "etags")
    assert curl("--etag-save", etags, f"{site.url}/app.js").status == 200
    assert curl("--etag-compare", etags, f"{site.url}/app.js").status == 304


@pytest.mark.parametrize("path", ["/app.js", "/huge.bin"])
def test_ranges(path: str, site: Served, files: Path) -> None:
    with (files / path[1:]).open("rb") as file:
        file.seek(10)
        middle = file.read(90)
        file.seek(-7, os.SEEK_END)
        last = file.read()
    with site.client() as client:
        client.headers["Accept-Encoding"] = "identity"  # a part of the packed file would be as right
        part = client.get(path, headers={"Range": "bytes=10-99"})
        assert (part.status_code, part.content) == (206, middle)
        assert client.get(path, headers={"Range": "bytes=-7"}).content == last
        both = client.get(path, headers={"Range": "bytes=10-99,-7"})
        assert both.headers["Content-Type"].startswith("multipart/byteranges; boundary=")
        assert middle in both.content
        assert last in both.content
        size = (files / path[1:]).stat().st_size
        none = client.get(path, headers={"Range": f"bytes={size}-"})
        assert (none.status_code, none.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert curl("--range", "10-99", f"{site.url}{path}").body == middle


def test_download_goes_on_where_it_stopped(site: Served, files: Path, tmp_path: Path) -> None:
    (tmp_path / "app.js").write_bytes(SCRIPT[:1000])
    curl("--continue-at", "-", "--output", str(tmp_path / "app.js"), f"{site.url}/app.js")
    assert (tmp_path / "app.js").read_bytes() == SCRIPT


def test_precompressed(site: Served) -> None:
    with site.client() as client:
        packed = client.get("/app.js", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"].lower() == "accept-encoding"
        assert int(packed.headers["Content-Length"]) < len(SCRIPT) / 10
        assert packed.content == SCRIPT
        plain = client.get("/app.js", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        assert plain.content == SCRIPT
        assert plain.headers["ETag"] != packed.headers["ETag"]
    assert curl("--compressed", f"{site.url}/app.js").body == SCRIPT


def test_huge_file_to_a_slow_reader(site: Served) -> None:
    """It goes by sendfile, so neither memory nor another client's answer suffers from the reader's pauses."""
    before = site.peak_memory()
    sent = site.written()
    seen: dict[int, bytes] = {}
    received = 0
    with site.client() as client, client.stream("GET", "/huge.bin") as answer:
        assert int(answer.headers["Content-Length"]) == HUGE
        for piece in answer.iter_raw():
            for place, mark in MARKS.items():
                if received <= place < received + len(piece):
                    seen[place] = piece[place - received :][: len(mark)]
            before_piece, received = received, received + len(piece)
            if before_piece // (80 * 1024 * 1024) != received // (80 * 1024 * 1024):
                time.sleep(0.05)  # the reader's pause: the socket fills
                assert curl(f"{site.url}/inner/").body == b"inner front"
    assert received == HUGE
    assert {place: MARKS[place].startswith(mark) for place, mark in seen.items()} == dict.fromkeys(
        MARKS, True
    )
    assert site.written() - sent >= HUGE
    assert site.peak_memory() - before < 8 * 1024 * 1024


def test_file_truncated_while_it_is_sent(site: Served, files: Path) -> None:
    """The rest can't be had any more: the connection ends visibly short, and the server goes on."""
    path = files / f"shrinking-{site.pid}.bin"
    path.write_bytes(b"x" * LONG)
    with site.client() as client:
        with client.stream("GET", f"/{path.name}") as answer:
            assert int(answer.headers["Content-Length"]) == LONG
            os.truncate(path, 1000)
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                answer.read()
        eventually(lambda: client.get(f"/{path.name}").content == b"x" * 1000, "the new size is served")
    assert "Traceback" not in site.err()


def test_client_that_leaves_a_huge_file(site: Served) -> None:
    with site.client() as client:
        client.get("/")
        before = site.descriptors()
        for _ in range(5):
            with client.stream("GET", "/huge.bin") as answer:
                next(answer.iter_raw())
        client.get("/")
        eventually(lambda: site.descriptors() <= before, "files and connections are closed")
    assert "Traceback" not in site.err()


def test_pipelined_files_arrive_in_order(site: Served, files: Path) -> None:
    (files / "large.txt").write_bytes(b"y" * 1_000_000)
    with Wire(("127.0.0.1", site.port)) as wire:
        wire.send((request("/inner/") + request("/large.txt")) * 5 + request("/inner/", "Connection: close"))
        answers = wire.read_to_end().answers()
    assert [len(answer.body) for answer in answers] == [11, 1_000_000] * 5 + [11]
