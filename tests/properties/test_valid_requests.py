"""A valid request is read as exactly what it says, whatever its body and however it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gearshift.http.limits import Limits
from gearshift.http.refusals import Refusal
from gearshift.http.states import Event
from tests.properties.reading import Message, Reader, bytewise, read, split
from tests.properties.strategies import Request, places, requests


def as_read(request: Request) -> Message:
    """What the core must say of it. HTTP/1.2 and up within 1.x is HTTP/1.1 (RFC 9110 section 2.5)."""
    return Message(
        request.method,
        request.target,
        request.path,
        request.query,
        min(request.minor, 1),
        request.headers,
        request.body,
    )


@given(requests(), st.data())
def test_it_is_read_as_it_was_made(request: Request, more: st.DataObject) -> None:
    expected = (as_read(request),)
    for pieces in (
        [request.wire],
        bytewise(request.wire),
        split(request.wire, more.draw(places(request.wire))),
    ):
        outcome = read(pieces)
        assert outcome.messages == expected
        assert outcome.refusal == Refusal.NO_REFUSAL
        assert outcome.last == Event.NEED_DATA


@given(requests())
def test_its_fields_are_found_by_name(request: Request) -> None:
    reader = Reader()
    reader.protocol.receive(request.wire)
    assert reader.protocol.next_event() == Event.REQUEST
    parsed = reader.protocol.request
    assert parsed is not None
    for name in {name.lower() for name, _ in request.headers}:
        same = [value for other, value in request.headers if other.lower() == name]
        assert parsed.header(name) == b", ".join(same)
    assert parsed.header(b"x-never-sent-by-the-strategy") is None
    words = [
        word.strip(b" \t").lower()
        for name, value in request.headers
        if name.lower() == b"connection"
        for word in value.split(b",")
    ]
    assert parsed.wants_close == (b"close" in words)
    assert parsed.wants_keep_alive == (b"keep-alive" in words)


@given(st.lists(requests(), min_size=2, max_size=4), st.data())
def test_requests_behind_each_other_do_not_touch(several: list[Request], more: st.DataObject) -> None:
    data = b"".join(request.wire for request in several)
    expected = tuple(as_read(request) for request in several)
    for pieces in ([data], bytewise(data), split(data, more.draw(places(data)))):
        outcome = read(pieces, eof=True)
        assert outcome.messages == expected
        assert outcome.last == Event.CLOSED


@given(st.lists(requests(), min_size=2, max_size=3))
def test_the_next_request_waits_for_the_answer(several: list[Request]) -> None:
    protocol = Reader().protocol
    protocol.receive(b"".join(request.wire for request in several))
    for request in several:
        assert protocol.next_event() == Event.REQUEST
        parsed = protocol.request
        assert parsed is not None
        event = protocol.next_event()
        while event in (Event.BODY, Event.END_OF_BODY):
            event = protocol.next_event()
        assert event == Event.PAUSED
        assert protocol.next_event() == Event.PAUSED
        assert protocol.request is parsed
        assert parsed.target == request.target
        protocol.finish()
        assert protocol.request is None
    assert protocol.next_event() == Event.NEED_DATA
    assert protocol.buffered() == 0


@given(st.binary(min_size=1, max_size=3000), st.lists(st.integers(1, 700), max_size=30), st.data())
def test_a_body_comes_through_in_any_chunks_and_any_cut(
    body: bytes, sizes: list[int], more: st.DataObject
) -> None:
    chunked = []
    rest = body
    for size in sizes:
        if rest[:size]:
            chunked.append(b"%x\r\n%b\r\n" % (len(rest[:size]), rest[:size]))
            rest = rest[size:]
    if rest:
        chunked.append(b"%X;last=1\r\n%b\r\n" % (len(rest), rest))
    head = b"POST / HTTP/1.1\r\nHost: a\r\n"
    for wire in (
        head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
        head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunked) + b"0\r\nSum: 1\r\n\r\n",
    ):
        behind = b"GET /behind HTTP/1.1\r\nHost: a\r\n\r\n"
        outcome = read(split(wire + behind, more.draw(places(wire + behind))), Limits(body=3000))
        assert outcome.bodies == [body, b""]
        assert outcome.messages[1].target == b"/behind"


@given(st.integers(0, 300), st.integers(0, 299))
def test_a_body_over_the_limit_is_refused_before_a_byte_of_it(over: int, limit: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (limit + over)
    outcome = read([head], Limits(body=limit))
    if over:
        assert outcome == ((), Refusal.BODY_TOO_LONG, Event.REFUSED)
    else:
        assert outcome.last == Event.NEED_DATA
        assert outcome.refusal == Refusal.NO_REFUSAL


@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.integers(0, 300))
def test_chunks_over_the_limit_are_refused_at_the_size_that_exceeds_it(sizes: list[int], limit: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(b"%x\r\n%b\r\n" % (size, b"x" * size) for size in sizes) + b"0\r\n\r\n"
    outcome = read([head + body], Limits(body=limit))
    assert len(outcome.messages) == 1
    if sum(sizes) > limit:
        assert outcome.refusal == Refusal.BODY_TOO_LONG
        assert outcome.bodies == [None]
    else:
        assert outcome.bodies == [b"x" * sum(sizes)]
