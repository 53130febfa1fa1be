"""Loads of Gearshift itself, on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import gearshift
from tests.load.scripted import load
from tests.support.servers import ENGINES

BODY = b"posted " * 100


def app(environ, start_response):  # type: ignore[no-untyped-def]
    path = environ["PATH_INFO"]
    if path == "/chunked":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (piece for piece in (b"one", b"two", b"x" * 100_000))
    if path == "/posted":
        same = environ["wsgi.input"].read() == BODY and environ["HTTP_X_A"] == "b"
        start_response("200 OK" if same else "400 Bad Request", [("Content-Length", "0")])
        return []
    status = {"/missing": "404 Not Found", "/none": "204 No Content"}.get(path, "200 OK")
    start_response(status, [] if path == "/none" else [("Content-Length", "5")])
    return [] if path == "/none" else [b"hello"]


@pytest.fixture(params=ENGINES, scope="module")
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with gearshift.Server(
        app, engine=request.param, bind="127.0.0.1:0", threads=4, error_log="/dev/null"
    ) as server:
        yield server.url.rstrip("/")


@pytest.mark.parametrize(
    "flags",
    [{}, {"pipeline": 8}, {"close": True}, {"rate": 200}, {"rate": 100, "close": True}, {"method": "HEAD"}],
    ids=str,
)
def test_everything_is_answered(url: str, flags: dict[str, object]) -> None:
    result = load(f"{url}/", connections=8, seconds=0.2, **flags)
    assert result.errors == {}
    assert set(result.statuses) == {200}
    assert result.requests > 8
    assert result.latency.count == result.requests + result.answered_late
    if "close" in flags:
        assert result.opened >= result.requests
    else:
        assert result.opened == 8


def test_requests_of_a_file_are_taken_in_turn(url: str, tmp_path: Path) -> None:
    (tmp_path / "requests").write_text(
        "# all kinds\n/\n/missing\n\nHEAD /missing\nGET /none\nHEAD /\n/chunked\n"
    )
    result = load(f"{url}/", connections=3, seconds=0.3, pipeline=4, requests=tmp_path / "requests")
    assert result.errors == {}
    answers = sum(result.statuses.values())
    assert answers > 12
    # A third of them each; what is on its way at the end may be anything.
    assert result.statuses[404] == pytest.approx(answers / 3, abs=12)
    assert result.statuses[204] == pytest.approx(answers / 6, abs=12)


def test_headers_and_bodies_arrive(url: str) -> None:
    result = load(
        f"{url}/posted", connections=2, seconds=0.2, method="POST", body=BODY.decode(), header=["X-A: b"]
    )
    assert result.errors == {}
    assert set(result.statuses) == {200}


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with gearshift.Server(app, engine="epoll", bind=f"unix:{path}", error_log="/dev/null"):
        for flags in ({}, {"close": True}):
            result = load(f"unix:{path}:/missing", connections=4, seconds=0.2, **flags)
            assert result.errors == {}
            assert set(result.statuses) == {404}
            assert result.requests > 4
