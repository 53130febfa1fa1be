"""What the status page answers, beside a real server on every engine."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gearshift
from tests.support.servers import ENGINES
from tests.support.status_client import ask
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

SITE = Path(gearshift.__file__).parent / "observe" / "page" / "site"


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.fixture(params=ENGINES)
def server(request: pytest.FixtureRequest) -> Iterator[gearshift.Server]:
    with gearshift.Server(app, bind="127.0.0.1:0", engine=request.param, status="127.0.0.1:0") as running:
        yield running


@pytest.fixture
def url() -> Iterator[str]:
    with gearshift.Server(app, bind="127.0.0.1:0", status="127.0.0.1:0") as running:
        yield running.status_url


def test_the_values_are_those_of_the_server(server: gearshift.Server) -> None:
    for _ in range(3):
        assert ask(server.url).body == b"hello"
    got = ask(server.status_url, "/status.json")
    assert got.fields["Content-Type"] == "application/json"
    told, seen = got.json(), server.status()
    assert told.keys() == seen.keys()
    assert (told["pid"], told["engine"]) == (os.getpid(), seen["engine"])
    assert told["requests"]["total"] == seen["requests"]["total"] == 3
    assert told["counts"]["accepted"] == 3  # and none of those who looked


def test_the_page_and_all_its_parts(url: str) -> None:
    page = ask(url)
    assert page.status == 200
    assert page.fields["Content-Type"] == "text/html; charset=utf-8"
    parts = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg))"', page.text)
    modules = [f"/{path.name}" for path in SITE.glob("*.js")]
    for path in {*parts, *modules}:
        got = ask(url, path)
        assert got.status == 200, path
        assert got.fields["Content-Type"].split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")
        assert got.body == (SITE / path[1:]).read_bytes()


def test_nothing_comes_from_elsewhere_and_no_script_is_inline(url: str) -> None:
    page = ask(url)
    policy = page.fields["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.fields["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
    assert " style=" not in page.text
    for file in SITE.iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), file.name


def test_every_module_that_is_imported_is_there() -> None:
    for file in SITE.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', file.read_text()):
            assert (SITE / name).is_file(), f"{file.name} imports {name}"


@pytest.mark.parametrize("path", ["/", "/status.json", "/events", "/page.css"])
def test_head(url: str, path: str) -> None:
    got = ask(url, path, "HEAD")
    assert (got.status, got.body) == (200, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_can_only_be_read(url: str, method: str) -> None:
    got = ask(url, "/status.json", method)
    assert got.status == 405
    assert got.fields["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/nothing", "/index.htm", "/../server.py", "/page.css/", "/__init__.py"])
def test_what_is_not_there(url: str, path: str) -> None:
    got = ask(url, path)
    assert got.status == 404
    assert got.text == "404: there is nothing here; the status page is at /\n"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sort=colour", "sort: found 'colour', expected one of age_seconds, "),
        ("show=all", "show: found 'all', expected one of close-wait, idle, slow"),
        ("limit=-1", "limit: found '-1', expected a number from 0 to 500"),
    ],
)
def test_a_wrong_question_is_told(url: str, query: str, said: str) -> None:
    got = ask(url, f"/events?{query}")
    assert got.status == 400
    assert got.text.startswith(f"400: {said}")


def test_looks_are_no_requests_of_the_server(server: gearshift.Server) -> None:
    before = server.status()["counts"]
    for _ in range(20):
        assert ask(server.status_url, "/status.json").status == 200
    assert server.status()["counts"] == before


def test_it_lives_as_long_as_the_server_and_leaves_nothing() -> None:
    threads = {thread.name for thread in threading.enumerate()}
    with gearshift.Server(app, bind="127.0.0.1:0", status="127.0.0.1:0") as running:
        url = running.status_url
        assert ask(url, "/status.json").status == 200
    with pytest.raises(ConnectionRefusedError):
        ask(url)
    eventually(
        lambda: not {thread.name for thread in threading.enumerate()} - threads, "its threads have ended"
    )


def test_while_draining_it_is_still_answered(tmp_path: Path) -> None:
    """The status page is what is closed last."""
    entered, leave = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        entered.set()
        leave.wait(10)
        return app(environ, start_response)

    server = gearshift.Server(slow, bind="127.0.0.1:0", engine="pool", status="127.0.0.1:0")
    server.start()
    host, port = server.url.removeprefix("http://").split(":")
    with Wire((host, int(port))) as wire:
        wire.send(request("/"))
        assert entered.wait(5)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        eventually(lambda: _refuses((host, int(port))), "it accepts no more")
        told = ask(server.status_url, "/status.json").json()
        assert told["requests"]["running"] == 1
        assert told["listeners"][0]["accept_queue"] is None  # closed
        leave.set()
        assert wire.answer().body == b"hello"
        stopping.join(10)
    with pytest.raises(ConnectionRefusedError):
        ask(server.status_url)


def _refuses(address: tuple[str, int]) -> bool:
    try:
        with Wire(address):
            return False
    except ConnectionRefusedError:
        return True


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    with gearshift.Server(app, bind="127.0.0.1:0", status=f"unix:{path}") as running:
        assert running.status_url == f"unix:{path}"
        assert path.stat().st_mode & 0o777 == 0o600
        with Wire(str(path)) as wire:
            assert wire.ask(request("/status.json", host="whatever")).status == 200
    assert not path.exists()


def test_without_being_asked_for_there_is_none() -> None:
    with gearshift.Server(app, bind="127.0.0.1:0") as running:
        assert running.status_url == ""
