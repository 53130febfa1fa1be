"""A request's head as applications see it."""

import gc

import pytest

from gearshift.http.limits import Limits
from gearshift.http.protocol import Protocol
from gearshift.http.request import Known, Request
from gearshift.http.states import Event


def parsed(head: bytes) -> Request:
    protocol = Protocol(Limits())
    protocol.receive(head)
    assert protocol.next_event() == Event.REQUEST
    assert protocol.request is not None
    return protocol.request


def get(target: bytes, *lines: bytes, method: bytes = b"GET") -> Request:
    head = b"\r\n".join([method + b" " + target + b" HTTP/1.1", b"Host: example.test", *lines, b"", b""])
    return parsed(head)


TARGETS = [
    # target, path, query
    (b"/", b"/", b""),
    (b"/a/b", b"/a/b", b""),
    (b"/a?", b"/a", b""),
    (b"/a?b", b"/a", b"b"),
    (b"/a?b?c", b"/a", b"b?c"),
    (b"/?", b"/", b""),
    (b"//a", b"//a", b""),
    (b"/%2e%2e/%00", b"/%2e%2e/%00", b""),
    (b"/a;b=c/d?e=%20", b"/a;b=c/d", b"e=%20"),
    (b"http://a", b"/", b""),
    (b"http://a?b", b"/", b"b"),
    (b"http://a/", b"/", b""),
    (b"http://a:80/b?c", b"/b", b"c"),
    (b"HTTP://[::1]:80/b?c", b"/b", b"c"),
    (b"http://a//b", b"//b", b""),
]


@pytest.mark.parametrize(("target", "path", "query"), TARGETS, ids=[row[0].decode() for row in TARGETS])
def test_path_and_query(target: bytes, path: bytes, query: bytes) -> None:
    request = get(target)
    assert (request.target, request.path, request.query) == (target, path, query)


@pytest.mark.parametrize("target", [b"*", b"http://example.test"])
def test_a_question_about_the_whole_server_has_the_path_asterisk(target: bytes) -> None:
    assert get(target, method=b"OPTIONS").path == b"*"


def test_options_of_a_path_is_about_that_path() -> None:
    assert get(b"http://example.test/", method=b"OPTIONS").path == b"/"
    assert get(b"http://example.test?a", method=b"OPTIONS").path == b"/"


def test_headers_in_the_order_and_the_letters_they_were_sent() -> None:
    request = get(b"/", b"B: 1", b"a:2", b"B: \t 3 \t ", b"Empty:", b"Obs: \xff\x80")
    assert request.headers == [
        (b"Host", b"example.test"),
        (b"B", b"1"),
        (b"a", b"2"),
        (b"B", b"3"),
        (b"Empty", b""),
        (b"Obs", b"\xff\x80"),
    ]


def test_a_header_by_name() -> None:
    request = get(b"/", b"B: 1", b"b: 2", b"Empty:", b"Bb: 3")
    assert request.header(b"b") == b"1, 2"
    assert request.header(b"bb") == b"3"
    assert request.header(b"empty") == b""
    assert request.header(b"missing") is None
    assert request.header(b"") is None


@pytest.mark.parametrize("name", [None, "host", 5])
def test_a_header_s_name_is_bytes(name: object) -> None:
    with pytest.raises(TypeError):
        get(b"/").header(name)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [23, 24, 25, 48, 49, 127])
def test_many_headers(count: int) -> None:
    lines = [b"X-%d: %d" % (number, number) for number in range(count)]
    request = get(b"/", *lines)
    assert request.headers[1:] == [(b"X-%d" % number, b"%d" % number) for number in range(count)]
    assert request.header(b"x-%d" % (count - 1)) == b"%d" % (count - 1)


def test_the_target_s_authority_replaces_what_host_says() -> None:
    request = get(b"http://other.test:81/a")
    assert request.header(b"host") == b"other.test:81"
    assert request.headers == [(b"Host", b"other.test:81")]


FRAMING = [
    ((), False, -1),
    ((b"Content-Length: 0",), False, 0),
    ((b"Content-Length: 007",), False, 7),
    ((b"Transfer-Encoding: Chunked",), True, -1),
]


@pytest.mark.parametrize(("lines", "chunked", "length"), FRAMING)
def test_framing(lines: tuple[bytes, ...], chunked: bool, length: int) -> None:
    request = get(b"/", *lines)
    assert (request.chunked, request.content_length) == (chunked, length)


CONNECTION = [
    (b"", False, False),
    (b"close", True, False),
    (b"CLOSE", True, False),
    (b"keep-alive", False, True),
    (b" te ,\tClose ", True, False),
    (b"close, keep-alive", True, True),
    (b"closed", False, False),
    (b"clos", False, False),
    (b"x-close", False, False),
    (b",,close,", True, False),
    (b"close;q=1", False, False),
]


@pytest.mark.parametrize(
    ("value", "close", "keep_alive"), CONNECTION, ids=[repr(row[0]) for row in CONNECTION]
)
def test_connection_options(value: bytes, close: bool, keep_alive: bool) -> None:
    request = get(b"/", b"Connection: " + value)
    assert (request.wants_close, request.wants_keep_alive) == (close, keep_alive)


def test_connection_options_in_several_fields() -> None:
    request = get(b"/", b"Connection: te", b"Connection: close")
    assert request.wants_close


@pytest.mark.parametrize(
    ("version", "minor"), [(b"1.0", 0), (b"1.1", 1), (b"1.2", 1), (b"1.9", 1)], ids=lambda value: str(value)
)
def test_versions(version: bytes, minor: int) -> None:
    assert parsed(b"GET / HTTP/" + version + b"\r\nHost: a\r\n\r\n").minor == minor


@pytest.mark.parametrize(("version", "expects"), [(b"1.0", False), (b"1.1", True)])
def test_an_expectation_is_ignored_in_http_1_0(version: bytes, expects: bool) -> None:
    head = b"POST / HTTP/" + version + b"\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"
    assert parsed(head).expects_continue is expects


@pytest.mark.parametrize(
    ("line", "conditional"),
    [
        (b"If-Match: *", True),
        (b"If-None-Match: *", True),
        (b"If-Modified-Since: x", True),
        (b"If-Unmodified-Since: x", True),
        (b"If-Range: x", True),
        (b"Range: bytes=0-", True),
        (b"range:", True),
        (b"If-Other: x", False),
        (b"Accept-Encoding: gzip", False),
    ],
)
def test_preconditions_and_ranges_are_noticed(line: bytes, conditional: bool) -> None:
    assert get(b"/", line).is_conditional is conditional


def test_the_marks_of_known_fields_are_separate_bits() -> None:
    marks = [mark.value for mark in Known]
    assert all(mark & (mark - 1) == 0 for mark in marks)
    assert len(set(marks)) == len(marks)


def test_it_outlives_its_protocol_s_buffers() -> None:
    protocol = Protocol(Limits())
    protocol.receive(b"POST /first?q HTTP/1.1\r\nHost: a\r\nX: y\r\nContent-Length: 100000\r\n\r\n")
    assert protocol.next_event() == Event.REQUEST
    request = protocol.request
    assert request is not None
    for _ in range(100):
        protocol.receive(b"z" * 1000)
        assert protocol.next_event() == Event.BODY
    del protocol
    gc.collect()
    assert request.target == b"/first?q"
    assert request.headers == [(b"Host", b"a"), (b"X", b"y"), (b"Content-Length", b"100000")]


def test_one_made_by_hand_is_empty() -> None:
    """There is no other way to make one; it must be harmless."""
    request = Request()
    assert (request.method, request.target, request.query) == (b"", b"", b"")
    assert request.headers == []
    assert request.header(b"host") is None
