"""The scope of an HTTP request (ASGI HTTP, spec version 2.5)."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.routes import AsgiRoutes, answer
from tests.support.servers import Running
from tests.support.wire import request

app = AsgiRoutes()
app.state.update({"shared": [], "plain": 1})


@app.at("/scope")
async def show_scope(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert type(scope) is dict
    for pair in scope["headers"]:
        name, value = pair
        assert type(name) is type(value) is bytes
    shown = {name: value for name, value in scope.items() if name not in ("headers", "state")}
    shown["headers"] = [tuple(pair) for pair in scope["headers"]]
    # An object: see test_connection_in_the_application.py.
    shown["extensions"] = {
        name: value for name, value in scope["extensions"].items() if name != "gearshift.connection"
    }
    await answer(send, repr(shown).encode())


@app.at("/state")
async def use_state(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Shallow copies: a new key stays in the request, a change inside a shared value does not."""
    assert "added" not in scope["state"]
    assert scope["state"]["plain"] == 1
    scope["state"]["added"] = True
    scope["state"]["plain"] = 2
    scope["state"]["shared"].append(1)
    await answer(send, b"%d" % len(scope["state"]["shared"]))


@app.at("/changed")
async def change_scope(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Middleware changes its scope; the next request must not see that."""
    found = "changed" in scope or "changed" in scope["asgi"] or "changed" in scope["extensions"]
    scope["changed"] = scope["asgi"]["changed"] = scope["extensions"]["changed"] = True
    del scope["method"]
    await answer(send, b"%d" % found)


@pytest.fixture
def site(serve: Serve) -> Running:
    return serve(app)


def scope_for(site: Running, data: bytes) -> dict[str, Any]:
    with site.connect() as wire:
        reply = wire.ask(data)
        port = wire.socket.getsockname()[1]
    assert reply.status == 200, site.log()
    scope: dict[str, Any] = ast.literal_eval(reply.body.decode())
    scope["the client's port"] = port
    return scope


def raw(*lines: bytes, target: bytes = b"/scope") -> bytes:
    return (
        b"GET %b HTTP/1.1\r\n" % target
        + b"".join(line + b"\r\n" for line in (b"Host: a.test", *lines))
        + b"\r\n"
    )


def test_every_key(site: Running) -> None:
    scope = scope_for(site, request("/scope?a=b", "X-A: 1", method="PATCH"))
    assert isinstance(site.address, tuple)
    assert scope["type"] == "http"
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.5"}
    assert scope["http_version"] == "1.1"
    assert scope["method"] == "PATCH"
    assert scope["scheme"] == "http"
    assert scope["path"] == "/scope"
    assert scope["raw_path"] == b"/scope"
    assert scope["query_string"] == b"a=b"
    assert scope["root_path"] == ""
    assert scope["headers"] == [(b"host", b"example.test"), (b"x-a", b"1")]
    assert list(scope["client"]) == ["127.0.0.1", scope["the client's port"]]
    assert list(scope["server"]) == ["127.0.0.1", site.address[1]]


def test_extensions(site: Running) -> None:
    extensions = scope_for(site, request("/scope"))["extensions"]
    for name in ("http.response.pathsend", "http.response.early_hint", "http.response.trailers"):
        assert extensions[name] == {}
    assert "http.response.debug" not in extensions
    assert "websocket.http.response" not in extensions


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_version(version: str, site: Running) -> None:
    scope = scope_for(site, request("/scope", "Connection: keep-alive", version=f"HTTP/{version}"))
    assert scope["http_version"] == version


@pytest.mark.parametrize(
    ("target", "path", "raw_path", "query"),
    [
        (b"/scope?", "/scope", b"/scope", b""),
        (b"/scope??", "/scope", b"/scope", b"?"),
        (b"/scope?a=%20b&%ff", "/scope", b"/scope", b"a=%20b&%ff"),
        (b"/scope/a%20b", "/scope/a b", b"/scope/a%20b", b""),
        (b"/scope/a+b", "/scope/a+b", b"/scope/a+b", b""),
        (b"/scope/%e5%BF%ab", "/scope/快", b"/scope/%e5%BF%ab", b""),
        (b"/scope/%2525", "/scope/%25", b"/scope/%2525", b""),
        (b"/scope/a%2Fb", "/scope/a/b", b"/scope/a%2Fb", b""),
        (b"/scope/a%3Fb?c", "/scope/a?b", b"/scope/a%3Fb", b"c"),
        (b"/scope//a/../b", "/scope//a/../b", b"/scope//a/../b", b""),
        (b"http://other.test/scope/%61?b", "/scope/a", b"/scope/%61", b"b"),
    ],
)
def test_path_and_query(target: bytes, path: str, raw_path: bytes, query: bytes, site: Running) -> None:
    scope = scope_for(site, raw(target=target))
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (path, raw_path, query)


def test_path_that_is_no_utf_8(site: Running) -> None:
    """Served or refused by the server, but no traceback and no lost connection."""
    with site.connect() as wire:
        assert wire.ask(raw(target=b"/scope/%FF%FE")).status in (200, 400)
    assert "Traceback" not in site.log()


def test_headers_keep_order_and_repeats_in_lower_case(site: Running) -> None:
    lines = (
        b"X-B: 1",
        b"x-a: 2",
        b"X-B: 3",
        b"Cookie: a=1",
        b"COOKIE: b=2",
        b"X-Latin: \xe9",
        b"X-Empty:",
        b"X-B: 1",
    )
    assert scope_for(site, raw(*lines))["headers"] == [
        (b"host", b"a.test"),
        (b"x-b", b"1"),
        (b"x-a", b"2"),
        (b"x-b", b"3"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x-latin", b"\xe9"),
        (b"x-empty", b""),
        (b"x-b", b"1"),
    ]


def test_underscores_are_kept(site: Running) -> None:
    """Nothing aliases here: names arrive as they were sent."""
    headers = scope_for(site, raw(b"X_Forwarded_For: a", b"X-Forwarded-For: b"))["headers"]
    assert headers[1:] == [(b"x_forwarded_for", b"a"), (b"x-forwarded-for", b"b")]


def test_framing_fields_are_kept(site: Running) -> None:
    scope = scope_for(site, request("/scope", "Content-Type: a/b", method="POST", body=b"hello"))
    assert (b"content-length", b"5") in scope["headers"]
    assert (b"content-type", b"a/b") in scope["headers"]


def test_state_is_a_copy_for_each_request(site: Running) -> None:
    with site.connect() as wire:
        counts = [int(wire.ask(request("/state")).body) for _ in range(3)]
    with site.connect() as wire:
        counts.append(int(wire.ask(request("/state")).body))
    assert counts == list(range(counts[0], counts[0] + 4))


def test_scope_is_new_for_each_request(site: Running) -> None:
    with site.connect() as wire:
        for _ in range(5):
            assert wire.ask(request("/changed")).body == b"0"


def test_methods_are_as_sent_in_upper_case(site: Running) -> None:
    assert scope_for(site, request("/scope", method="PROPFIND"))["method"] == "PROPFIND"
