"""What forwarding fields say: from the right, as far as trusted proxies reach, and no further."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.proxy.fields import elements_of, read_fields
from gearshift.proxy.nodes import MalformedError, authority_of, node_of, prefix_of, scheme_of
from gearshift.proxy.trust import Trust
from gearshift.settings.in_front import X_FORWARDED

TRUST = Trust(("10.0.0.0/8", "127.0.0.1", "2001:db8::/32", "unix"))


def said_by(name: bytes, value: bytes) -> tuple[str | None, str, str, str, str, str]:
    said = read_fields((name,), (value,), TRUST)
    return said.host, said.port, said.scheme, said.authority, said.outer_port, said.prefix


def client(name: str, value: str) -> tuple[str | None, str]:
    return said_by(name.encode(), value.encode("latin-1"))[:2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.2.3.4", ("1.2.3.4", "")),
        ("6.6.6.6, 1.2.3.4", ("1.2.3.4", "")),
        ("6.6.6.6, 1.2.3.4, 10.0.0.7", ("1.2.3.4", "")),
        ("6.6.6.6,1.2.3.4 ,\t10.0.0.7, 10.1.1.1", ("1.2.3.4", "")),
        ("10.0.0.1, 10.0.0.2", ("10.0.0.1", "")),
        ("1.2.3.4:5678", ("1.2.3.4", "5678")),
        ("[2001:db9::1]:5678", ("2001:db9::1", "5678")),
        ("2001:db9::1", ("2001:db9::1", "")),
        ("2001:DB9:0::1", ("2001:db9::1", "")),
        ("::ffff:10.0.0.1, ::ffff:10.0.0.2", ("10.0.0.1", "")),
        ("1.2.3.4, ::ffff:10.0.0.2", ("1.2.3.4", "")),
        ("unknown", ("", "")),
        ("6.6.6.6, unknown", ("", "")),
        ("6.6.6.6, _hidden, 10.0.0.1", ("", "")),
        ("garbage, 1.2.3.4", ("1.2.3.4", "")),
        ('<script>, "", 1.2.3.4', ("1.2.3.4", "")),
        ("1.2.3.4, , ,", ("1.2.3.4", "")),
        ("", (None, "")),
        (" , ,", (None, "")),
    ],
)
def test_the_rightmost_address_that_is_no_proxy_s(value: str, expected: tuple[str | None, str]) -> None:
    assert client("x-forwarded-for", value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "garbage",
        "1.2.3.4, garbage",
        "garbage, 10.0.0.1",
        "1.2.3.4 6.6.6.6",
        "1.2.3.4:",
        "1.2.3.4:0",
        "1.2.3.4:65536",
        "1.2.3.4:5x",
        "1.2.3",
        "01.2.3.4",
        "[1.2.3.4]",
        "[::1",
        "[::1]5",
        "[::1]:",
        "fe80::1%eth0",
        "1.2.3.4\x00",
        "\xff",
        "localhost",
    ],
)
def test_what_is_no_address_where_one_is_looked_for(value: str) -> None:
    with pytest.raises(MalformedError):
        client("x-forwarded-for", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("for=1.2.3.4", ("1.2.3.4", "", "", "", "", "")),
        ('For="1.2.3.4:80";Proto=HTTPS;by=10.0.0.1', ("1.2.3.4", "80", "https", "", "", "")),
        (
            'for="[2001:db9::1]:4711";host="shop.example:8443"',
            ("2001:db9::1", "4711", "", "shop.example:8443", "", ""),
        ),
        ("for=6.6.6.6;proto=http, for=1.2.3.4;proto=https", ("1.2.3.4", "", "https", "", "", "")),
        (
            "for=1.2.3.4;proto=https;host=a, for=10.0.0.1;proto=http;host=b",
            ("1.2.3.4", "", "https", "a", "", ""),
        ),
        ("for=1.2.3.4 ; proto=https , for=10.0.0.1", ("1.2.3.4", "", "https", "", "", "")),
        ("for=unknown;proto=https", ("", "", "https", "", "", "")),
        ('for="_gazonk:_p"', ("", "", "", "", "", "")),
        ('for="1.2.3.4:_p"', ("1.2.3.4", "", "", "", "", "")),
        ("for=6.6.6.6, proto=https", (None, "", "https", "", "", "")),
        ('for="1.2.\\3.4"', ("1.2.3.4", "", "", "", "", "")),
        ("ext=a;for=1.2.3.4;", ("1.2.3.4", "", "", "", "", "")),
        ("", (None, "", "", "", "", "")),
        (", ,", (None, "", "", "", "", "")),
    ],
)
def test_forwarded(value: str, expected: tuple[str | None, str, str, str, str, str]) -> None:
    assert said_by(b"forwarded", value.encode()) == expected


@pytest.mark.parametrize(
    "value",
    [
        'for="6.6.6.6, for=1.2.3.4',  # a client's quotation mark would swallow what the proxy adds
        "for=1.2.3.4;for=6.6.6.6",
        "for=1.2.3.4 proto=https",
        "for",
        "for=",
        "=1.2.3.4",
        "for =1.2.3.4",
        "for= 1.2.3.4",
        "for=::1",
        'for="::1"',
        'for="1.2.3.4"x',
        "for=1.2.3.4;proto=ftp",
        'for=1.2.3.4;host="a b"',
        "for=1.2.3.4;host=",
        "for=garbage;proto=https",
        'for="',
        'for="\\',
    ],
)
def test_forwarded_that_can_not_be_read(value: str) -> None:
    with pytest.raises(MalformedError):
        said_by(b"forwarded", value.encode())


@pytest.mark.parametrize(
    ("name", "value", "place", "expected"),
    [
        (b"x-forwarded-proto", b"https", 2, "https"),
        (b"x-forwarded-proto", b"http, HTTPS", 2, "https"),
        (b"x-forwarded-proto", b"wss", 2, "https"),
        (b"x-forwarded-host", b"evil.example, shop.example", 3, "shop.example"),
        (b"x-forwarded-host", b"[2001:db8::1]:8080", 3, "[2001:db8::1]:8080"),
        (b"x-forwarded-port", b"8443", 4, "8443"),
        (b"x-forwarded-prefix", b"/shop/", 5, "/shop"),
        (b"x-forwarded-prefix", b"/", 5, ""),
        (b"x-forwarded-prefix", b"", 5, ""),
    ],
)
def test_what_the_nearest_proxy_wrote(name: bytes, value: bytes, place: int, expected: str) -> None:
    assert said_by(name, value)[place] == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-forwarded-proto", b""),
        (b"x-forwarded-proto", b"gopher"),
        (b"x-forwarded-proto", b"https,"),
        (b"x-forwarded-host", b""),
        (b"x-forwarded-host", b"a/b"),
        (b"x-forwarded-host", b"user@host"),
        (b"x-forwarded-host", b"a:b:c"),
        (b"x-forwarded-host", b"a:99999"),
        (b"x-forwarded-host", b"a:"),
        (b"x-forwarded-host", b"[::1]x"),
        (b"x-forwarded-host", b"\xff"),
        (b"x-forwarded-port", b"0"),
        (b"x-forwarded-port", b"80x"),
        (b"x-forwarded-prefix", b"shop"),
        (b"x-forwarded-prefix", b"//evil.example"),
        (b"x-forwarded-prefix", b"/../admin"),
        (b"x-forwarded-prefix", b"/a?b"),
        (b"x-forwarded-prefix", b"/%2e"),
        (b"x-forwarded-prefix", b"/\xc3\xa4"),
    ],
)
def test_what_the_nearest_proxy_may_not_write(name: bytes, value: bytes) -> None:
    with pytest.raises(MalformedError):
        said_by(name, value)


def test_a_field_that_is_not_there_says_nothing() -> None:
    assert read_fields((b"x-forwarded-for", b"x-forwarded-proto"), (None, None), TRUST).host is None


def test_who_is_trusted() -> None:
    assert TRUST.believes("")
    assert TRUST.believes("10.255.0.1")
    assert TRUST.believes("::ffff:10.0.0.1")
    assert TRUST.believes("2001:db8:1::1")
    assert not TRUST.believes("11.0.0.1")
    assert not TRUST.believes("::1")
    assert not Trust(("10.0.0.0/8",)).believes("")


readers = st.sampled_from([b"forwarded", *(name.encode() for name in X_FORWARDED)])


@given(readers, st.text('for="_,; :.[]\\1a/%proto\xff', max_size=40).map(lambda text: text.encode("latin-1")))
def test_nothing_else_than_a_refusal_comes_of_garbage(name: bytes, value: bytes) -> None:
    try:
        host, port, scheme, authority, outer_port, prefix = said_by(name, value)
    except MalformedError:
        return
    assert not host or node_of(host, bare_ipv6=True) == (host, "")
    assert port == "" or 0 < int(port) < 65536
    assert outer_port == "" or 0 < int(outer_port) < 65536
    assert scheme in ("", "http", "https")
    assert authority == "" or authority_of(authority)
    assert prefix == "" or prefix_of(prefix) == prefix


@given(st.text('for="_,; :.[]\\1a/%proto\xff', max_size=30), st.ip_addresses(v=4))
def test_no_client_can_be_somebody_else(written: str, address: object) -> None:
    """Whatever it writes, a client is who the proxy saw, or its request is refused."""
    if TRUST.believes(str(address)):
        return
    assert client("x-forwarded-for", f"{written}, {address}") == (str(address), "")
    try:
        host, _ = client("forwarded", f"{written}, for={address}")
    except MalformedError:
        return
    assert host == str(address)


def test_elements_keep_their_order() -> None:
    assert elements_of("for=a;x=1, for=b") == [{"for": "a", "x": "1"}, {"for": "b"}]
    assert scheme_of("HTTPS") == "https"
