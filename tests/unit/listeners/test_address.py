"""Addresses as users write them."""

import pytest

from gearshift.errors import SettingError
from gearshift.listeners import AddressKind, parse


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("127.0.0.1:8088", "127.0.0.1", 8088, "127.0.0.1:8088"),
        ("localhost:0", "localhost", 0, "localhost:0"),
        (":80", "0.0.0.0", 80, "0.0.0.0:80"),
        ("[::1]:80", "::1", 80, "[::1]:80"),
        ("[::]:65535", "::", 65535, "[::]:65535"),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80, "[fe80::1%eth0]:80"),
    ],
)
def test_tcp(text: str, host: str, port: int, shown: str) -> None:
    address = parse(text)
    assert address.kind is AddressKind.TCP
    assert (address.host, address.port, address.text) == (host, port, shown)


def test_unix_and_inherited() -> None:
    assert parse("unix:/run/a b").path == "/run/a b"
    assert parse("unix:/run/x").text == "unix:/run/x"
    assert parse("unix:" + "x" * 107).kind is AddressKind.UNIX
    assert (parse("fd:3").kind, parse("fd:3").fd, parse("fd:3").text) == (AddressKind.INHERITED, 3, "fd:3")
    assert repr(parse("fd:3")) == "Address('fd:3')"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8088",
        "host",
        "host:",
        "host:http",
        "host:65536",
        "host:-1",
        "host:+1",
        "host: 1",
        "host:٣",
        "a b:80",
        "a\nb:80",
        "::1:80",
        "[::1]",
        "[host]:80",
        "[::1:80",
        "http://host:80",
        "unix:",
        "unix:" + "x" * 108,
        "unix:a\0b",
        "fd:",
        "fd:-1",
        "fd:x",
        "fd:99999999999",
    ],
)
def test_what_is_no_address_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SettingError, match=r"^--bind: found .+, expected .+$") as caught:
        parse(text)
    assert "\n" not in str(caught.value)
