"""Header lists as heads of HTTP/1.1: what is written, and what never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.http2.request_head import MalformedRequest, request_head, trailer_lines

USUAL = [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/a?b"), (b":authority", b"example.org")]


def text(fields: list[tuple[bytes, bytes]], ended: bool = True) -> bytes:
    return request_head(fields, ended).text


def test_a_usual_one() -> None:
    assert text([*USUAL, (b"accept", b"*/*")]) == (
        b"GET /a?b HTTP/1.1\r\nHost: example.org\r\naccept: */*\r\n\r\n"
    )


def test_a_body_is_framed() -> None:
    assert b"\r\nTransfer-Encoding: chunked\r\n\r\n" in text(USUAL, ended=False)
    assert request_head(USUAL, False).chunked
    sized = text([*USUAL, (b"content-length", b"5")], ended=False)
    assert b"\r\nContent-Length: 5\r\n\r\n" in sized
    assert b"chunked" not in sized


def test_cookies_are_one_field() -> None:
    made = text([*USUAL, (b"cookie", b"a=1"), (b"x", b"y"), (b"cookie", b"b=2")])
    assert made.endswith(b"\r\nCookie: a=1; b=2\r\n\r\n")


@pytest.mark.parametrize("host", [b"example.org", b""])
def test_the_host(host: bytes) -> None:
    """:authority is what counts; alone, Host does; neither is left to the parser, which refuses it."""
    only_host = [*USUAL[:3], *([(b"host", host)] if host else [])]
    assert (b"Host: example.org\r\n" in text(only_host)) is bool(host)
    assert text([*USUAL, (b"host", b"example.org")]).count(b"Host:") == 1


def test_an_extended_connect_is_an_upgrade() -> None:
    fields = [(b":method", b"CONNECT"), (b":protocol", b"websocket"), *USUAL[1:]]
    head = request_head([*fields, (b"sec-websocket-version", b"13")], ended=False)
    assert head.tunnel
    assert head.text.startswith(b"GET /a?b HTTP/1.1\r\nHost: example.org\r\nsec-websocket-version: 13\r\n")
    assert b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: " in head.text
    assert head.text.lower().count(b"sec-websocket-version") == 1
    assert b"chunked" not in head.text


def test_a_plain_connect_names_its_authority() -> None:
    assert text([(b":method", b"CONNECT"), (b":authority", b"a:80")]).startswith(b"CONNECT a:80 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "fields",
    [
        [],
        USUAL[1:],
        [*USUAL, USUAL[0]],
        [*USUAL, (b":unknown", b"")],
        [(b"a", b"b"), *USUAL],
        [*USUAL, (b"", b"a")],
        [*USUAL, (b"a b", b"c")],
        [*USUAL, (b"A", b"b")],
        [*USUAL, (b"a:", b"b")],
        [*USUAL, (b"a", b" b")],
        [*USUAL, (b"a", b"b\t")],
        [*USUAL, (b"a", b"b\nc")],
        [*USUAL, (b"a", b"b\x7f")],
        [*USUAL, (b"upgrade", b"h2c")],
        [*USUAL, (b"te", b"gzip")],
        [*USUAL, (b"host", b"other.org")],
        [*USUAL, (b"content-length", b"+1")],
        [*USUAL, (b"content-length", b"1_0")],
        [*USUAL, (b"content-length", b"5")],
        [*USUAL, (b"content-length", b"0"), (b"content-length", b"1")],
        [*USUAL[:2], (b":path", b"a"), USUAL[3]],
        [*USUAL[:2], (b":path", b"*"), USUAL[3]],
        [*USUAL[:2], (b":path", b"/a b"), USUAL[3]],
        [(b":method", b"G ET"), *USUAL[1:]],
        [(b":method", b"CONNECT"), *USUAL[1:]],
        [(b":protocol", b"websocket"), *USUAL],
        [(b":method", b"CONNECT"), (b":protocol", b"connect-udp"), *USUAL[1:]],
    ],
)
def test_malformed(fields: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(MalformedRequest):
        request_head(fields, True)


SOME_BYTES = st.binary(max_size=12)


@given(st.lists(st.tuples(SOME_BYTES, SOME_BYTES), max_size=6), st.booleans(), SOME_BYTES, SOME_BYTES)
def test_no_octets_make_a_line_of_their_own(
    fields: list[tuple[bytes, bytes]], ended: bool, path: bytes, method: bytes
) -> None:
    """As many lines as fields, and a first one with three parts: whatever the header list holds."""
    start = [(b":method", method or b"GET"), USUAL[1], (b":path", b"/" + path), USUAL[3]]
    try:
        made = text([*start, *fields], ended)
    except MalformedRequest:
        return
    lines = made.split(b"\r\n")
    assert lines[-2:] == [b"", b""]
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert len(lines[0].split(b" ")) == 3
    assert len(lines) <= 1 + len(fields) + 2 + 2


def test_trailers() -> None:
    assert trailer_lines([(b"x-sum", b"1"), (b"y", b"")]) == b"x-sum: 1\r\ny: \r\n"
    for bad in ((b":path", b"/"), (b"X", b"1"), (b"x", b"a\r\nb"), (b"transfer-encoding", b"chunked")):
        with pytest.raises(MalformedRequest):
            trailer_lines([bad])
