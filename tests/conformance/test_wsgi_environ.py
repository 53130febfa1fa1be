"""What WSGI's environ holds (PEP 3333)."""

from __future__ import annotations

import ast
from typing import Any
from wsgiref.util import request_uri

import pytest

from tests.conformance.conftest import Serve
from tests.support.routes import WsgiRoutes
from tests.support.servers import Running
from tests.support.wire import request

app = WsgiRoutes()


@app.at("/environ")
def environ_of_a_request(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The entries, as literals where they have one."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    assert type(environ) is dict
    shown = {
        name: value if isinstance(value, (str, bool, tuple)) else type(value).__name__
        for name, value in environ.items()
    }
    return [repr(shown).encode()]


@app.at("/kept")
def change_environ(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Whether an entry that an earlier request made is still there."""
    found = "X_KEPT" in environ or "HTTP_X_KEPT" in environ
    environ["X_KEPT"] = environ["HTTP_X_KEPT"] = "1"
    del environ["REQUEST_METHOD"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % found]


@app.at("/errors")
def write_to_errors(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    errors = environ["wsgi.errors"]
    errors.write("written by the application\n")
    errors.writelines(["first line\n", "second line\n"])
    print("printed by the application: é", file=errors)
    errors.flush()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b""]


@pytest.fixture
def site(serve: Serve) -> Running:
    return serve(app)


def environ_for(site: Running, data: bytes) -> dict[str, Any]:
    with site.connect() as wire:
        answer = wire.ask(data)
        port = wire.socket.getsockname()[1]
    assert answer.status == 200, site.log()
    environ: dict[str, Any] = ast.literal_eval(answer.body.decode())
    environ["the client's port"] = str(port)
    return environ


def raw(
    *lines: bytes, target: bytes = b"/environ", version: bytes = b"HTTP/1.1", method: bytes = b"GET"
) -> bytes:
    return (
        b"%b %b %b\r\n" % (method, target, version)
        + b"".join(line + b"\r\n" for line in (b"Host: a.test", *lines))
        + b"\r\n"
    )


def test_required_entries(site: Running) -> None:
    environ = environ_for(site, request("/environ?a=b", host="example.test:1234"))
    assert isinstance(site.address, tuple)
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["SCRIPT_NAME"] == ""
    assert environ["PATH_INFO"] == "/environ"
    assert environ["QUERY_STRING"] == "a=b"
    assert environ["SERVER_NAME"] == "127.0.0.1"
    assert environ["SERVER_PORT"] == str(site.address[1])
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["REMOTE_PORT"] == environ["the client's port"]
    assert environ["HTTP_HOST"] == "example.test:1234"
    assert environ["wsgi.version"] == (1, 0)
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["wsgi.input_terminated"] is True
    assert environ["wsgi.multiprocess"] is False
    assert environ["wsgi.run_once"] is False
    for name in ("wsgi.input", "wsgi.errors", "wsgi.file_wrapper"):
        assert name in environ
    for name in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
        assert name not in environ


def test_entries_of_cgi_are_strings(site: Running) -> None:
    environ = environ_for(site, request("/environ", "X-Number: 5", "Content-Type: a/b"))
    assert all(type(value) is str for name, value in environ.items() if "." not in name)
    assert type(environ["wsgi.multithread"]) is bool


def test_multithread_says_what_the_engine_does(site: Running) -> None:
    assert environ_for(site, request("/environ"))["wsgi.multithread"] is (
        site.engine not in ("epoll", "uring")
    )


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_protocol(version: str, site: Running) -> None:
    environ = environ_for(site, request("/environ", "Connection: keep-alive", version=f"HTTP/{version}"))
    assert environ["SERVER_PROTOCOL"] == f"HTTP/{version}"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/environ", "/environ", ""),
        (b"/environ?", "/environ", ""),
        (b"/environ?a=%20b&c", "/environ", "a=%20b&c"),
        (b"/environ??", "/environ", "?"),
        (b"/environ/a%20b", "/environ/a b", ""),
        (b"/environ/a+b", "/environ/a+b", ""),
        (b"/environ/%2525", "/environ/%25", ""),
        (b"/environ/a%2Fb", "/environ/a/b", ""),
        (b"/environ/a%3Fb?c", "/environ/a?b", "c"),
        (b"/environ/%e5%bf%ab", "/environ/\xe5\xbf\xab", ""),
        (b"/environ/%FF", "/environ/\xff", ""),
        (b"/environ//b/../c/./", "/environ//b/../c/./", ""),
        (b"/environ;v=1", "/environ;v=1", ""),
        (b"http://other.test/environ/x?y", "/environ/x", "y"),
    ],
)
def test_path_and_query(target: bytes, path: str, query: str, site: Running) -> None:
    """PATH_INFO is decoded once into latin-1; QUERY_STRING is left alone."""
    app.at("/environ;v=1")(environ_of_a_request)
    environ = environ_for(site, raw(target=target))
    assert (environ["PATH_INFO"], environ["QUERY_STRING"], environ["SCRIPT_NAME"]) == (path, query, "")


def test_fields_become_entries(site: Running) -> None:
    environ = environ_for(
        site,
        raw(b"User-Agent: tester/1", b"x-lower: a", b"X-Mixed-CASE: b", b"Accept:", b"X-Latin: \xe9\xff"),
    )
    assert environ["HTTP_USER_AGENT"] == "tester/1"
    assert environ["HTTP_X_LOWER"] == "a"
    assert environ["HTTP_X_MIXED_CASE"] == "b"
    assert environ["HTTP_ACCEPT"] == ""
    assert environ["HTTP_X_LATIN"] == "\xe9\xff"


def test_repeated_fields_are_joined(site: Running) -> None:
    environ = environ_for(
        site, raw(b"X-A: 1", b"Cookie: a=1", b"x-a: 2", b"X-B: 3", b"X-A:", b"Cookie: b=2", b"X-A: 4")
    )
    assert environ["HTTP_X_A"].replace(" ", "") == "1,2,,4"
    assert environ["HTTP_X_B"] == "3"
    # RFC 6265 5.4: cookies can't be joined by commas.
    assert environ["HTTP_COOKIE"] == "a=1; b=2"


@pytest.mark.parametrize(
    "name", [b"X_Forwarded_For", b"X-Forwarded_For", b"Content_Length", b"_", b"x_", b"Host_"]
)
def test_names_with_underscores_are_dropped(name: bytes, site: Running) -> None:
    environ = environ_for(site, raw(b"X-Forwarded-For: real", name + b": forged", b"X-After: 1"))
    assert environ["HTTP_X_FORWARDED_FOR"] == "real"
    assert environ["HTTP_X_AFTER"] == "1"
    assert "forged" not in environ.values()


def test_content_type_and_length(site: Running) -> None:
    environ = environ_for(
        site, request("/environ", "Content-Type: text/x; charset=y", method="POST", body=b"hello")
    )
    assert environ["CONTENT_TYPE"] == "text/x; charset=y"
    assert environ["CONTENT_LENGTH"] == "5"
    environ = environ_for(site, request("/environ"))
    assert environ.get("CONTENT_TYPE", "") == ""
    assert environ.get("CONTENT_LENGTH", "") == ""


def test_chunked_request_has_no_length(site: Running) -> None:
    environ = environ_for(site, raw(b"Transfer-Encoding: chunked", method=b"POST") + b"1\r\na\r\n0\r\n\r\n")
    assert environ.get("CONTENT_LENGTH", "") == ""


def test_environ_is_new_for_every_request(site: Running) -> None:
    with site.connect() as wire:
        for _ in range(5):
            assert wire.ask(request("/kept")).body == b"0"
    with site.connect() as wire:
        assert wire.ask(request("/kept")).body == b"0"


def test_errors_go_to_the_error_log(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/errors")).status == 200
    for text in ("written by the application", "first line", "second line", "printed by the application"):
        site.logged(text)


def test_nothing_unexpected_is_shared_between_connections(site: Running) -> None:
    first = environ_for(site, raw(b"X-Secret: 1"))
    second = environ_for(site, raw())
    assert first["HTTP_X_SECRET"] == "1"
    assert "HTTP_X_SECRET" not in second
    assert set(second) == set(first) - {"HTTP_X_SECRET"}


def test_standard_library_reads_the_environ(site: Running) -> None:
    """wsgiref.util rebuilds the URL from it."""
    environ = environ_for(site, request("/environ/a%20b?c=d", host="example.test:81"))
    assert request_uri(environ) == "http://example.test:81/environ/a%20b?c=d"
