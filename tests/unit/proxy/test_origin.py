"""What applications see instead of the proxy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.proxy.fields import Said
from gearshift.proxy.origin import Origin


def origin(prefix: str = "", kept: bool = False, secured: bool = False, **told: Any) -> Origin:
    said = Said()
    for name, value in told.items():
        setattr(said, name, value)
    return Origin(said, prefix, kept, secured)


def environ_of(origin: Origin, path: str = "/a", host: str | None = "inner:8000") -> dict[str, Any]:
    environ = {
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "9",
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
    }
    if host is not None:
        environ["HTTP_HOST"] = host
    origin.into_environ(environ)
    return environ


def scope_of(
    origin: Origin, path: str = "/a", host: bytes | None = b"inner:8000", kind: str = "http"
) -> dict[str, Any]:
    scope = {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
        "client": ("127.0.0.1", 9),
        "server": ("127.0.0.1", 8000),
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "headers": [(b"accept", b"*/*"), *([(b"host", host)] if host is not None else [])],
    }
    origin.into_scope(scope)
    return scope


def test_nothing_said_changes_nothing() -> None:
    assert environ_of(origin())["REMOTE_ADDR"] == "127.0.0.1"
    assert scope_of(origin())["client"] == ("127.0.0.1", 9)


def test_a_client_with_and_without_a_port() -> None:
    assert environ_of(origin(host="1.2.3.4", port="5"))["REMOTE_PORT"] == "5"
    assert environ_of(origin(host="1.2.3.4"))["REMOTE_PORT"] == ""
    assert scope_of(origin(host="1.2.3.4", port="5"))["client"] == ("1.2.3.4", 5)
    assert scope_of(origin(host="1.2.3.4"))["client"] == ("1.2.3.4", 0)


def test_a_client_that_is_hidden_has_no_address() -> None:
    assert environ_of(origin(host=""))["REMOTE_ADDR"] == ""
    assert scope_of(origin(host=""))["client"] is None


@pytest.mark.parametrize(
    ("host", "port", "text"),
    [
        ("1.2.3.4", "5", "1.2.3.4:5"),
        ("1.2.3.4", "", "1.2.3.4"),
        ("::1", "5", "[::1]:5"),
        ("::1", "", "::1"),
        ("", "", ""),
        (None, "", "the peer"),
    ],
)
def test_the_client_in_logs(host: str | None, port: str, text: str) -> None:
    channel: Any = SimpleNamespace(peer_address=lambda: "the peer")
    assert origin(host=host, port=port).client(channel) == text


def test_the_scheme() -> None:
    assert environ_of(origin(scheme="https"))["wsgi.url_scheme"] == "https"
    assert scope_of(origin(scheme="https"))["scheme"] == "https"
    assert scope_of(origin(scheme="https"), kind="websocket")["scheme"] == "wss"
    assert scope_of(origin(scheme="http"), kind="websocket")["scheme"] == "ws"
    assert environ_of(origin(secured=True))["wsgi.url_scheme"] == "https"
    assert environ_of(origin(secured=True, scheme="http"))["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize(
    ("told", "own", "expected"),
    [
        ({"authority": "shop.example"}, "inner:8000", ("shop.example", "shop.example", "80")),
        ({"authority": "shop.example", "scheme": "https"}, "inner", ("shop.example", "shop.example", "443")),
        ({"authority": "shop.example:8443"}, "inner", ("shop.example:8443", "shop.example", "8443")),
        ({"outer_port": "8443"}, "inner:8000", ("inner:8443", "inner", "8443")),
        ({"outer_port": "443", "scheme": "https"}, "inner:8000", ("inner", "inner", "443")),
        ({"outer_port": "444", "authority": "a:1"}, None, ("a:444", "a", "444")),
        ({"authority": "[2001:db8::1]:8080"}, None, ("[2001:db8::1]:8080", "2001:db8::1", "8080")),
    ],
)
def test_the_host_by_which_the_client_came(
    told: dict[str, str], own: str | None, expected: tuple[str, str, str]
) -> None:
    environ = environ_of(origin(**told), host=own)
    assert (environ["HTTP_HOST"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == expected
    scope = scope_of(origin(**told), host=None if own is None else own.encode())
    assert [value for name, value in scope["headers"] if name == b"host"] == [expected[0].encode()]
    assert (b"accept", b"*/*") in scope["headers"]
    assert scope["server"] == (expected[1], int(expected[2]))


@pytest.mark.parametrize("own", ["a%20b", "inner:"])
def test_a_host_field_that_is_strange_stays_as_it_is(own: str) -> None:
    environ = environ_of(origin(outer_port="8443"), host=own)
    assert (environ["HTTP_HOST"], environ["SERVER_PORT"]) == (own, "8443")
    assert (b"host", own.encode()) in scope_of(origin(outer_port="8443"), host=own.encode())["headers"]


def test_a_port_alone_where_no_host_was_sent() -> None:
    environ = environ_of(origin(outer_port="8443"), host=None)
    assert ("HTTP_HOST" in environ, environ["SERVER_NAME"], environ["SERVER_PORT"]) == (
        False,
        "127.0.0.1",
        "8443",
    )
    assert scope_of(origin(outer_port="8443"), host=None)["server"] == ("127.0.0.1", 8443)


@pytest.mark.parametrize(
    ("kept", "path", "wsgi", "asgi"),
    [
        (False, "/a", ("/shop", "/a"), ("/shop", "/shop/a")),
        (False, "/shop/a", ("/shop", "/shop/a"), ("/shop", "/shop/shop/a")),
        (True, "/shop/a", ("/shop", "/a"), ("/shop", "/shop/a")),
        (True, "/shop", ("/shop", ""), ("/shop", "/shop")),
        (True, "/shopping", ("", "/shopping"), ("", "/shopping")),
        (True, "/a", ("", "/a"), ("", "/a")),
    ],
)
def test_the_root_path(kept: bool, path: str, wsgi: tuple[str, str], asgi: tuple[str, str]) -> None:
    environ = environ_of(origin("/shop", kept), path)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == wsgi
    scope = scope_of(origin("/shop", kept), path)
    assert (scope["root_path"], scope["path"]) == asgi
    assert scope["raw_path"] == asgi[1].encode()


def test_a_prefix_that_is_told_goes_before_the_one_that_is_set() -> None:
    assert environ_of(origin("/shop"))["SCRIPT_NAME"] == "/shop"
    said = Said()
    said.prefix = "/told"
    assert environ_of(Origin(said, "/shop", False, False))["SCRIPT_NAME"] == "/told"
