"""Whatever comes, however it is cut: the same events, the same verdict, and never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.http.limits import Limits
from gearshift.http.protocol import Protocol
from gearshift.http.refusals import REASONS, Refusal
from gearshift.http.states import Event
from tests.properties.reading import Reader, bytewise, read, split
from tests.properties.strategies import limits, mutated, places, requests

anything = st.one_of(
    mutated,
    requests().map(lambda request: request.wire),
    st.binary(max_size=80),
    st.lists(st.sampled_from([b"\r", b"\n", b" ", b":", b"a", b"0", b"GET / HTTP/1.1", b"\x00"])).map(
        b"".join
    ),
)


@given(anything, limits, st.booleans(), st.data())
def test_the_cut_changes_nothing(
    data: bytes, bounds: tuple[int, int, int, int, int], eof: bool, more: st.DataObject
) -> None:
    whole = read([data], Limits(*bounds), eof=eof)
    assert read(bytewise(data), Limits(*bounds), eof=eof) == whole
    assert read(split(data, more.draw(places(data))), Limits(*bounds), eof=eof) == whole


@given(anything, st.data())
def test_the_cut_changes_nothing_under_default_limits(data: bytes, more: st.DataObject) -> None:
    whole = read([data], eof=True)
    assert read(bytewise(data), eof=True) == whole
    assert read(split(data, more.draw(places(data))), eof=True) == whole


@given(anything, anything, limits)
def test_after_a_refusal_nothing_is_interpreted(
    data: bytes, behind: bytes, bounds: tuple[int, int, int, int, int]
) -> None:
    reader = Reader(Limits(*bounds))
    if reader.receive(data) != Event.REFUSED:
        return
    seen = list(reader.messages)
    refusal = reader.protocol.refusal
    assert refusal in REASONS
    for piece in (behind, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b""):
        assert reader.receive(piece) == Event.REFUSED
        assert reader.protocol.buffered() == 0
    assert reader.receive_eof() == Event.REFUSED
    reader.protocol.finish()
    assert reader.protocol.next_event() == Event.REFUSED
    assert reader.messages == seen
    assert reader.protocol.refusal == refusal


@given(anything)
def test_an_end_is_a_close_between_requests_and_a_cut_inside_a_body(data: bytes) -> None:
    reader = Reader()
    last = reader.receive(data)
    unfinished = bool(reader.messages) and reader.messages[-1].body is None
    ended = reader.receive_eof()
    if last == Event.REFUSED:
        assert ended == Event.REFUSED
    elif unfinished:
        assert ended == Event.REFUSED
        assert reader.protocol.refusal == Refusal.CUT_SHORT
    else:
        assert ended == Event.CLOSED
        assert reader.protocol.refusal == Refusal.NO_REFUSAL


@given(anything, limits)
def test_no_more_is_kept_than_the_limits_allow(data: bytes, bounds: tuple[int, int, int, int, int]) -> None:
    """What waits for more bytes is an unfinished head or line: the limits bound it, not the peer."""
    reader = Reader(Limits(*bounds))
    for piece in bytewise(data):
        if reader.receive(piece) != Event.NEED_DATA:
            break
        assert reader.protocol.buffered() <= max(bounds[0], 4096 + 32)


@pytest.mark.parametrize("wrong", [None, "GET", bytearray(b"GET"), memoryview(b"GET"), 5])
def test_only_bytes_are_received(wrong: object) -> None:
    with pytest.raises(TypeError):
        Protocol(Limits()).receive(wrong)  # type: ignore[arg-type]
