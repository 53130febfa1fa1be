"""The PROXY protocol: what is one, however it is cut, and what is none."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.proxy.introduction import SIGNATURE, TRANSITIONS, Introduction, Progress

Seen = tuple[Progress, int, bool, str, str, bool]


def header(command: int, family: int, rest: bytes, version: int = 2, length: int | None = None) -> bytes:
    size = len(rest) if length is None else length
    return SIGNATURE + bytes([version << 4 | command, family]) + struct.pack("!H", size) + rest


def four(source: str = "192.0.2.1", port: int = 4711) -> bytes:
    return socket.inet_aton(source) + socket.inet_aton("198.51.100.7") + struct.pack("!HH", port, 443)


def six(source: str = "2001:db8::1", port: int = 4711) -> bytes:
    addresses = [socket.inet_pton(socket.AF_INET6, text) for text in (source, "2001:db8::2")]
    return b"".join(addresses) + struct.pack("!HH", port, 443)


def extra(kind: int, value: bytes) -> bytes:
    return bytes([kind]) + struct.pack("!H", len(value)) + value


TLS = extra(0x20, bytes([1]) + struct.pack("!I", 0) + extra(0x21, b"TLSv1.3"))
NOT_TLS = extra(0x20, bytes([0]) + struct.pack("!I", 1))
GOOD: list[tuple[bytes, tuple[bool, str, str, bool]]] = [
    (b"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n", (True, "192.0.2.1", "4711", False)),
    (b"PROXY TCP6 2001:db8::1 2001:DB8:0::2 4711 443\r\n", (True, "2001:db8::1", "4711", False)),
    (
        b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
        (True, "255.255.255.255", "65535", False),
    ),
    (b"PROXY TCP4 192.0.2.1 198.51.100.7 0 0\r\n", (True, "192.0.2.1", "0", False)),
    (b"PROXY UNKNOWN\r\n", (False, "", "", False)),
    (b"PROXY UNKNOWN " + b"f" * 91 + b"\r\n", (False, "", "", False)),
    (header(1, 0x11, four()), (True, "192.0.2.1", "4711", False)),
    (header(1, 0x12, four()), (True, "192.0.2.1", "4711", False)),
    (header(1, 0x21, six()), (True, "2001:db8::1", "4711", False)),
    (
        header(1, 0x31, b"/run/client".ljust(108, b"\0") + b"/run/server".ljust(108, b"\0")),
        (True, "", "", False),
    ),
    (header(1, 0x00, b""), (False, "", "", False)),
    (header(1, 0x00, b"whatever"), (False, "", "", False)),
    (header(0, 0x00, b""), (False, "", "", False)),
    (header(0, 0x11, four()), (False, "", "", False)),
    (header(1, 0x11, four() + TLS), (True, "192.0.2.1", "4711", True)),
    (header(1, 0x11, four() + NOT_TLS), (True, "192.0.2.1", "4711", False)),
    (
        header(1, 0x21, six() + extra(0x01, b"h2") + TLS + extra(0x04, b"")),
        (True, "2001:db8::1", "4711", True),
    ),
    (header(1, 0x11, four() + extra(0xE0, bytes(4000))), (True, "192.0.2.1", "4711", False)),
]
BAD: list[bytes] = [
    b"GET / HTTP/1.1\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\n" + b" " * 80,
    b"PROXY  TCP4 192.0.2.1 198.51.100.7 4711 443\r\n",
    b"PROXY TCP4  192.0.2.1 198.51.100.7 4711 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443 \r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 4711\r\n",
    b"PROXY TCP4 2001:db8::1 2001:db8::2 4711 443\r\n",
    b"PROXY TCP6 192.0.2.1 198.51.100.7 4711 443\r\n",
    b"PROXY TCP4 192.0.2.01 198.51.100.7 4711 443\r\n",
    b"PROXY TCP4 192.0.2.256 198.51.100.7 4711 443\r\n",
    b"PROXY TCP4 192.0.2.1\0 198.51.100.7 4711 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 04711 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 65536 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 +1 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 4711 -1\r\n",
    b"PROXY TCP6 fe80::1%eth0 2001:db8::2 4711 443\r\n",
    b"PROXY UDP4 192.0.2.1 198.51.100.7 4711 443\r\n",
    b"PROXY UNKNOWNX\r\n",
    b"proxy TCP4 192.0.2.1 198.51.100.7 4711 443\r\n",
    b"PROXY UNKNOWN " + b"f" * 92 + b"\r\n",
    b"PROXY " + b"x" * 200,
    b"\r\n\r\n\x00\r\nQUIT\r",
    header(1, 0x11, four(), version=1),
    header(1, 0x11, four(), version=3),
    header(2, 0x11, four()),
    header(1, 0x11, four()[:-1]),
    header(1, 0x21, six()[:-1]),
    header(1, 0x31, bytes(215)),
    header(1, 0x13, four()),
    header(1, 0x10, four()),
    header(1, 0x01, four()),
    header(1, 0x41, bytes(216)),
    header(1, 0x11, four() + b"\x01"),
    header(1, 0x11, four() + b"\x01\x00"),
    header(1, 0x11, four() + b"\x20\x00\xff\x01"),
    header(1, 0x11, four() + b"\x20\x00\x05"),
    header(1, 0x11, four(), length=4096),
]


def read(pieces: list[bytes]) -> Seen:
    """How it ended, how many bytes were taken in all, and what was told."""
    introduction = Introduction()
    taken = 0
    for piece in pieces:
        if introduction.progress != Progress.BEGUN:
            break
        taken += introduction.receive(piece)
    return (
        introduction.progress,
        taken,
        introduction.described,
        introduction.host,
        introduction.port,
        introduction.secured,
    )


def bytewise(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


@pytest.mark.parametrize(("data", "told"), GOOD, ids=range(len(GOOD)))
def test_what_a_proxy_may_say(data: bytes, told: tuple[bool, str, str, bool]) -> None:
    expected = (Progress.WHOLE, len(data), *told)
    assert read([data]) == expected
    assert read([data + b"GET / HTTP/1.1\r\n"]) == expected
    assert read(bytewise(data + b"GET")) == expected


@pytest.mark.parametrize(("data", "told"), GOOD, ids=range(len(GOOD)))
def test_half_of_it_is_not_judged(data: bytes, told: tuple[bool, str, str, bool]) -> None:
    assert read([data[:-1]])[:3] == (Progress.BEGUN, len(data) - 1, False)


@pytest.mark.parametrize("data", BAD, ids=range(len(BAD)))
def test_what_is_no_introduction(data: bytes) -> None:
    assert read([data])[0] == Progress.BROKEN
    assert read(bytewise(data))[0] == Progress.BROKEN
    assert read([data])[2:] == (False, "", "", False)


def test_what_can_not_become_one_is_not_waited_for() -> None:
    """The first byte that differs is the end, and a length that is too long before what it announces has come."""
    assert read([b"PROXZ"])[0] == Progress.BROKEN
    assert read([SIGNATURE + b"\x31"])[0] == Progress.BROKEN
    assert read([header(1, 0x11, b"", length=5000)])[0] == Progress.BROKEN


def test_nothing_is_taken_once_it_is_over() -> None:
    introduction = Introduction()
    assert introduction.receive(b"PROXY UNKNOWN\r\nmore") == 15
    assert introduction.receive(b"more") == 0
    assert {state for state, targets in TRANSITIONS.items() if not targets} == {
        Progress.WHOLE,
        Progress.BROKEN,
    }


anything = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([good for good, _ in GOOD] + BAD).flatmap(
        lambda data: st.tuples(st.just(data), st.integers(0, len(data)), st.binary(max_size=3)).map(
            lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + len(parts[2]) :]
        )
    ),
    st.binary(max_size=80).map(lambda rest: SIGNATURE + rest),
    st.text("PROXY TC46UNKNOW0123456789.:\r\n ", max_size=110).map(lambda text: b"PROXY " + text.encode()),
)


@given(anything, st.data())
def test_the_cut_changes_nothing(data: bytes, more: st.DataObject) -> None:
    whole = read([data])
    places = sorted(more.draw(st.lists(st.integers(0, len(data)), max_size=4)))
    cut = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    for other in (read(bytewise(data)), read([piece for piece in cut if piece])):
        assert other[0] == whole[0]
        if whole[0] != Progress.BROKEN:  # how much of garbage was taken does not matter
            assert other == whole


@given(anything)
def test_what_is_told_is_an_address(data: bytes) -> None:
    progress, taken, described, host, port, _ = read([data])
    assert 0 <= taken <= len(data)
    if described:
        assert progress == Progress.WHOLE
        assert port.isdigit() or (host, port) == ("", "")
        if host:
            socket.getaddrinfo(host, int(port), flags=socket.AI_NUMERICHOST)


@given(
    st.ip_addresses(v=4) | st.ip_addresses(v=6),
    st.integers(0, 65535),
    st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=50)), max_size=4),
    st.binary(max_size=20),
)
def test_any_client_is_read_back(
    address: object, port: int, more: list[tuple[int, bytes]], behind: bytes
) -> None:
    text = str(address)
    is_six = ":" in text
    line = f"PROXY TCP{6 if is_six else 4} {text} {'::1' if is_six else '127.0.0.1'} {port} 80\r\n".encode()
    rest = b"".join(extra(kind, value) for kind, value in more if kind != 0x20)
    binary = header(1, 0x21 if is_six else 0x11, (six(text, port) if is_six else four(text, port)) + rest)
    canonical = socket.inet_ntop(
        socket.AF_INET6 if is_six else socket.AF_INET,
        socket.inet_pton(socket.AF_INET6 if is_six else socket.AF_INET, text),
    )
    for data in (line, binary):
        assert read([data + behind]) == (Progress.WHOLE, len(data), True, canonical, str(port), False)
