"""URLs and the addresses behind them."""

from __future__ import annotations

import socket
import struct

import pytest

from gearshift.errors import SettingError
from gearshift.load.target import TargetError, address_of, parse_target


@pytest.mark.parametrize(
    ("url", "host", "path", "name", "port"),
    [
        ("http://example.com", "example.com", "/", "example.com", 80),
        ("http://127.0.0.1:8088/a/b?c=d", "127.0.0.1:8088", "/a/b?c=d", "127.0.0.1", 8088),
        ("http://example.com?x", "example.com", "/?x", "example.com", 80),
        ("http://[::1]:99/", "[::1]:99", "/", "::1", 99),
        ("unix:/run/x.sock", "localhost", "/", "/run/x.sock", 0),
        ("unix:x.sock:/a?b", "localhost", "/a?b", "x.sock", 0),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, path: str, name: str, port: int) -> None:
    assert parse_target(url) == (url, host, path, name, port)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://x/",
        "http://",
        "http:///a",
        "http://x:0/",
        "http://x:99999/",
        "http://x:y/",
        "http://a b/",
        "http://x/a b",
        "http://x/\N{SNOWMAN}",
        "http://user@x/",
        "http://[::1/",
        "unix:",
        "unix:" + "x" * 200,
        "unix:x:/a b",
    ],
)
def test_what_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match=r"^URL: found "):
        parse_target(url)


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "[::1]")])
def test_an_address_is_as_the_kernel_has_it(family: int, host: str) -> None:
    packed = address_of(parse_target(f"http://{host}:4711/"), 1)
    assert struct.unpack_from("=H", packed)[0] == family
    assert struct.unpack_from("!H", packed, 2)[0] == 4711
    assert socket.inet_pton(family, host.strip("[]")) in packed
    assert len(packed) == {socket.AF_INET: 16, socket.AF_INET6: 28}[socket.AddressFamily(family)]


def test_of_several_addresses_the_one_that_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        closed = gone.getsockname()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = listener.getsockname()
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in (closed, there)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        packed = address_of(parse_target("http://two.example/"), 1)
    assert struct.unpack_from("!H", packed, 2)[0] == there[1]


def test_a_name_without_an_address_is_one_line() -> None:
    with pytest.raises(
        TargetError, match=r"^http://nobody\.invalid/: found no address of 'nobody\.invalid': "
    ):
        address_of(parse_target("http://nobody.invalid/"), 1)
