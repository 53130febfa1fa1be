"""Other servers: those that are installed here answer when they are started as bench starts them."""

from __future__ import annotations

import urllib.request
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from gearshift.apps.loader import Kind
from gearshift.bench import peers
from gearshift.bench.application import Application
from gearshift.bench.candidates import Candidate
from gearshift.bench.processors import choose
from gearshift.bench.readings import processes_of
from gearshift.bench.served import Served, free_port
from tests.support.waiting import eventually

SITE = """
def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def factory():
    return wsgi


def asgi_factory():
    return asgi
"""
APPLICATIONS = (
    Application(Kind.WSGI, "site_of_peers:wsgi"),
    Application(Kind.ASGI, "site_of_peers:asgi"),
    Application(Kind.WSGI, "site_of_peers:factory()"),
    Application(Kind.ASGI, "site_of_peers:asgi_factory()"),
)


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda one: str(one.name.partition(":")[2]))
@pytest.mark.parametrize("name", peers.PEERS)
def test_a_peer_serves(
    name: str, application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (candidates, left_out) = peers.chosen([name], application, 4)
    if not candidates:
        pytest.skip(f"{name}: {left_out[0][1]}")
    (tmp_path / "site_of_peers.py").write_text(SITE)
    monkeypatch.chdir(tmp_path)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with Served(peers.command(candidates[0], application, port), choose().server, url) as served:
        assert served.processes
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read() == b"hello"
        session = served.processes[0]
    eventually(lambda: not processes_of(session), "none of its processes is left")


def test_what_is_not_installed_is_said_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(peers.metadata, "version", none)
    found, left_out = peers.chosen(["granian"], APPLICATIONS[0], 0)
    assert found == []
    assert left_out == [("granian", "not installed in this Python environment (pip install granian)")]


def test_who_serves_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers.metadata, "version", lambda name: "23.0.0")
    names = list(peers.PEERS)
    wsgi, left_out = peers.chosen(names, APPLICATIONS[0], 0)
    assert Candidate("gunicorn", "", 16) in wsgi
    assert [name for name, _ in left_out] == ["uvicorn"]
    asgi, left_out = peers.chosen(names, APPLICATIONS[1], 64)
    assert {one.server for one in asgi} == {"uvicorn", "granian", "hypercorn"}
    assert all(one.threads == 0 for one in asgi)
    assert [name for name, _ in left_out] == ["gunicorn", "waitress"]
    assert peers.chosen(names, Application(Kind.STATIC, "./files"), 0)[0] == []
