"""Character classes, tried with every octet, at places that a search in words of eight could overlook."""

import pytest

from gearshift.http.grammar import HOST, TOKEN
from gearshift.http.limits import Limits
from gearshift.http.protocol import Protocol
from gearshift.http.refusals import Refusal
from gearshift.http.states import Event

OCTETS = range(256)
CONTROLS = {octet for octet in OCTETS if octet < 32 or octet == 127}
VISIBLE = set(range(0x21, 0x7F))
LONGEST = 40


def verdict(data: bytes) -> Refusal | None:
    """None where the data is an accepted request."""
    protocol = Protocol(Limits())
    protocol.receive(data)
    return None if protocol.next_event() == Event.REQUEST else protocol.refusal


def get(target: bytes = b"/", host: bytes = b"a", *lines: bytes) -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: " + host, *lines, b"", b""])


def accepted_octets(make) -> set[int]:
    return {octet for octet in OCTETS if verdict(make(bytes([octet]))) is None}


def test_the_classes_are_the_rfc_s() -> None:
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    # RFC 9110 section 5.6.2.
    assert frozenset(b"!#$%&'*+-.^_`|~0123456789" + letters) == TOKEN
    # RFC 3986 section 3.2.2: unreserved, the sign of an escape, and sub-delims without the one that joins two fields.
    assert frozenset(b"-._~" + b"!$&'()*+;=" + b"%" + b"0123456789" + letters) == HOST


def test_methods() -> None:
    assert accepted_octets(lambda octet: b"A" + octet + b"B / HTTP/1.1\r\nHost: a\r\n\r\n") == TOKEN


def test_names() -> None:
    # The colon makes `A:B`, which is a name and a value.
    assert accepted_octets(lambda octet: get(b"/", b"a", b"A" + octet + b"B: c")) == TOKEN | {ord(":")}


def test_targets() -> None:
    assert accepted_octets(lambda octet: get(b"/a" + octet + b"b")) == VISIBLE - {ord("#")}


def test_queries() -> None:
    assert accepted_octets(lambda octet: get(b"/?a" + octet + b"b")) == VISIBLE - {ord("#")}


def test_values() -> None:
    allowed = set(OCTETS) - CONTROLS | {ord("\t")}
    assert accepted_octets(lambda octet: get(b"/", b"a", b"A: b" + octet + b"c")) == allowed


def test_hosts() -> None:
    # A percent sign must be followed by two digits, a colon by a port.
    assert accepted_octets(lambda octet: get(b"/", b"a" + octet + b"b")) == HOST - {ord("%")}
    assert accepted_octets(lambda octet: get(b"/", b"a" + octet + b"80")) == HOST | {ord(":")}


def test_ports() -> None:
    assert accepted_octets(lambda octet: get(b"/", b"a:8" + octet + b"8")) == set(b"0123456789")


def test_addresses_in_brackets() -> None:
    assert accepted_octets(lambda octet: get(b"/", b"[::1" + octet + b"]")) == set(b"0123456789abcdefABCDEF")
    for host in (
        b"[1]",
        b"[1:2]",
        b"[1:2:3:4:5:6:7:8:9]",
        b"[::1",
        b"[]",
        b"[::1]:65536",
        b"a:65536",
        b"a:123456",
    ):
        assert verdict(get(b"/", host)) is not None, host
    for host in (b"[::]", b"[1:2:3:4:5:6:7:8]", b"[::ffff:1.2.3.4]:80", b"[::1]:65535", b"a:65535", b"a:"):
        assert verdict(get(b"/", host)) is None, host


def test_escapes_in_hosts() -> None:
    hexadecimal = set(b"0123456789abcdefABCDEF")
    assert accepted_octets(lambda octet: get(b"/", b"a%" + octet + b"0")) == hexadecimal
    assert accepted_octets(lambda octet: get(b"/", b"a%0" + octet)) == hexadecimal


@pytest.mark.parametrize("octet", [0, 8, 10, 11, 13, 31, 127], ids=hex)
def test_a_control_character_is_found_at_every_place(octet: int) -> None:
    for length in range(1, LONGEST):
        for place in range(length):
            value = b"a" * place + bytes([octet]) + b"b" * (length - place)
            assert verdict(get(b"/", b"a", b"A: " + value)) is not None, (length, place)


@pytest.mark.parametrize("octet", [9, 32, 126, 128, 137, 159, 160, 255], ids=hex)
def test_what_is_no_control_character_passes_at_every_place(octet: int) -> None:
    for length in range(1, LONGEST):
        for place in range(length):
            value = b"a" * place + bytes([octet]) + b"b" * (length - place)
            assert verdict(get(b"/", b"a", b"A: " + value)) is None, (length, place)


LENGTHS = [
    (b"0", None),
    (b"00", None),
    (b"2147483648", None),
    (b"2147483649", Refusal.BODY_TOO_LONG),
    (b"9223372036854775807", Refusal.BODY_TOO_LONG),
    (b"9223372036854775808", Refusal.BODY_TOO_LONG),
    (b"9999999999999999999", Refusal.BODY_TOO_LONG),
    (b"0000000000000000005", None),
    (b"00000000000000000005", Refusal.LENGTH_INVALID),
    (b"10000000000000000000", Refusal.LENGTH_INVALID),
    (b"", Refusal.LENGTH_INVALID),
]


@pytest.mark.parametrize(("value", "refusal"), LENGTHS, ids=[repr(row[0]) for row in LENGTHS])
def test_lengths(value: bytes, refusal: Refusal | None) -> None:
    assert verdict(get(b"/", b"a", b"Content-Length: " + value)) == refusal


def test_length_digits() -> None:
    digits = set(b"0123456789")
    assert accepted_octets(lambda octet: get(b"/", b"a", b"Content-Length: 1" + octet + b"1")) == digits


def test_chunk_size_digits() -> None:
    def accepted(octet: bytes) -> bool:
        protocol = Protocol(Limits())
        head = get(b"/", b"a", b"Transfer-Encoding: chunked")
        protocol.receive(head + b"0" + octet + b"1\r\n")
        assert protocol.next_event() == Event.REQUEST
        return protocol.next_event() != Event.REFUSED

    # The semicolon begins an extension.
    assert {octet for octet in OCTETS if accepted(bytes([octet]))} == set(b"0123456789abcdefABCDEF;")
