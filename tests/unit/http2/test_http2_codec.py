"""The codec by itself: flow control, settings, ends, and what is said to whom."""

from __future__ import annotations

import struct

import hpack
import pytest

from gearshift.http2.codes import ErrorCode
from gearshift.http2.stream_states import StreamState
from tests.support.http2 import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW,
    MAX_FRAME,
    PADDED,
    PING,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
)
from tests.support.http2_codec import WINDOW, Peer, verdict

HEAD = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"a")]


def begun(peer: Peer, stream: int = 1, ended: bool = False) -> None:
    block = hpack.Encoder().encode(HEAD)
    peer.send(HEADERS, END_HEADERS | (END_STREAM if ended else 0), stream, block)


def number(value: int) -> bytes:
    return struct.pack(">I", value)


def test_a_request_and_its_answer() -> None:
    peer = Peer()
    begun(peer, ended=True)
    assert peer.listener.told == [("request", 1, HEAD, True)]
    wire = peer.wire(1)
    assert wire.state == StreamState.HALF_CLOSED_REMOTE
    peer.codec.send_head(wire, [(b":status", b"200")], False)
    peer.codec.send_data(wire, b"hello", 5, True)
    head, data = peer.said()
    assert (head.kind, head.flags, head.payload) == (HEADERS, END_HEADERS, b"\x88")
    assert (data.kind, data.flags, data.payload) == (DATA, END_STREAM, b"hello")
    assert wire.state == StreamState.CLOSED
    assert not peer.codec.streams


def test_nothing_is_said_on_a_stream_that_is_over() -> None:
    peer = Peer()
    begun(peer)
    peer.send(RST_STREAM, 0, 1, number(8))
    with pytest.raises(RuntimeError, match="stream 1"):
        peer.codec.send_head(peer.wire(1), [(b":status", b"200")], True)


def test_a_large_head_is_continued() -> None:
    peer = Peer()
    begun(peer, ended=True)
    fields = [(b":status", b"200"), *[(b"x-%d" % index, b"\xff" * 3000) for index in range(20)]]
    peer.codec.send_head(peer.wire(1), fields, True)
    said = peer.said()
    assert [frame.kind for frame in said] == [HEADERS] + [CONTINUATION] * (len(said) - 1)
    assert len(said) > 3
    assert [frame.flags for frame in said] == [END_STREAM, *[0] * (len(said) - 2), END_HEADERS]
    decoder = hpack.Decoder(max_header_list_size=1 << 20)
    block = b"".join(frame.payload for frame in said)
    assert [tuple(field) for field in decoder.decode(block, raw=True)] == fields


def test_windows_are_given_back_in_few_frames() -> None:
    peer = Peer()
    begun(peer)
    sent = 0
    while sent < WINDOW - 16384:
        assert peer.send(DATA, 0, 1, bytes(16384)) == []
        sent += 16384
    wire = peer.wire(1)
    assert wire.may_come == WINDOW - sent
    peer.codec.acknowledge(wire, WINDOW // 2 - 1)
    assert peer.said() == []
    peer.codec.acknowledge(wire, 1)
    (update,) = peer.said()
    assert (update.kind, update.stream, update.payload) == (WINDOW_UPDATE, 1, number(WINDOW // 2))
    assert wire.may_come == WINDOW - sent + WINDOW // 2


def test_padding_counts_in_the_windows() -> None:
    peer = Peer()
    begun(peer)
    peer.send(DATA, PADDED, 1, b"\x63data" + bytes(99))
    assert peer.listener.told[-1] == ("data", 1, b"data", 104, False)
    assert peer.wire(1).may_come == WINDOW - 104


@pytest.mark.parametrize("streams", [1, 20])
def test_more_than_a_window_allows(streams: int) -> None:
    """Of the stream, or of all together."""
    peer = Peer(most=1 if streams == 1 else 30, window=65536)
    for index in range(streams):
        begun(peer, 2 * index + 1)
    said = []
    for _ in range(6):
        for index in range(streams):
            said += peer.send(DATA, 0, 2 * index + 1, bytes(16384))
    goaway, resets = verdict(said)
    assert goaway is None or goaway == ErrorCode.FLOW_CONTROL_ERROR
    assert all(code == ErrorCode.FLOW_CONTROL_ERROR for code in resets.values())
    assert len(resets) == streams


def test_what_comes_on_a_reset_stream_costs_no_window() -> None:
    peer = Peer(window=16384)
    begun(peer)
    peer.codec.reset(peer.wire(1), ErrorCode.CANCEL)
    before = peer.codec.may_come
    told = [frame for _ in range(200) for frame in peer.send(DATA, 0, 1, bytes(16384))]
    given = sum(int.from_bytes(f.payload) for f in told if f.kind == WINDOW_UPDATE and f.stream == 0)
    assert verdict(told) == (None, {1: ErrorCode.CANCEL}) or verdict(told) == (None, {})
    assert peer.codec.may_come == before - 200 * 16384 + given
    assert peer.codec.may_come > 0


def test_the_peers_windows_are_kept() -> None:
    peer = Peer()
    peer.send(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW, 10))
    begun(peer, ended=True)
    wire = peer.wire(1)
    peer.codec.send_head(wire, [(b":status", b"200")], False)
    assert peer.codec.data_room(wire) == 10
    peer.codec.send_data(wire, b"0123456789", 10, False)
    assert peer.codec.data_room(wire) == 0
    peer.send(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW, 4))
    assert peer.codec.data_room(wire) == -6  # RFC 9113 section 6.9.2
    peer.send(WINDOW_UPDATE, 0, 1, number(7))
    assert peer.codec.data_room(wire) == 1
    peer.send(SETTINGS, 0, 0, struct.pack(">HIHI", INITIAL_WINDOW, 1 << 20, MAX_FRAME, 1 << 20))
    assert peer.codec.data_room(wire) == 16384
    assert peer.codec.room(wire) == 65535 - 10  # the connection's


def test_a_setting_that_makes_a_window_too_wide() -> None:
    peer = Peer()
    begun(peer)
    peer.send(WINDOW_UPDATE, 0, 1, number(0x7FFFFFFF - 65535))
    said = peer.send(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW, 65536))
    assert verdict(said)[0] == ErrorCode.FLOW_CONTROL_ERROR
    assert peer.codec.over


def test_settings_and_pings_are_answered_once() -> None:
    peer = Peer()
    (said,) = peer.send(SETTINGS, 0, 0, b"")
    assert (said.kind, said.flags, said.payload) == (SETTINGS, ACK, b"")
    (said,) = peer.send(PING, 0, 0, b"12345678")
    assert (said.kind, said.flags, said.payload) == (PING, ACK, b"12345678")
    assert peer.send(PING, ACK, 0, b"12345678") == []
    assert peer.send(SETTINGS, ACK, 0, b"") == []


def test_more_streams_than_allowed() -> None:
    peer = Peer(most=2)
    for stream in (1, 3):
        begun(peer, stream)
    said = peer.send(HEADERS, END_HEADERS | END_STREAM, 5, hpack.Encoder().encode(HEAD))
    assert verdict(said) == (None, {5: ErrorCode.REFUSED_STREAM})
    assert peer.listener.told[-1] == ("reset", 5)
    peer.send(RST_STREAM, 0, 1, number(8))
    begun(peer, 7)
    assert peer.listener.told[-1][:2] == ("request", 7)


def test_a_stream_that_was_refused_still_feeds_the_table() -> None:
    """Otherwise every later block would mean something else."""
    peer = Peer(most=1)
    encoder = hpack.Encoder()
    begun(peer, 1)
    fields = [*HEAD, (b"x-own", b"value")]
    peer.send(HEADERS, END_HEADERS | END_STREAM, 3, encoder.encode(fields))
    peer.send(RST_STREAM, 0, 1, number(8))
    peer.send(HEADERS, END_HEADERS | END_STREAM, 5, encoder.encode(fields))
    assert peer.listener.told[-1] == ("request", 5, fields, True)


def test_nothing_is_heard_behind_an_error() -> None:
    peer = Peer()
    block = hpack.Encoder().encode(HEAD)
    said = peer.send_octets(
        b"\0\0\4\10\0\0\0\0\0" + bytes(4) + b"\0\0" + bytes([len(block)]) + b"\1\5\0\0\0\1" + block
    )
    assert [frame.kind for frame in said] == [GOAWAY]
    assert peer.listener.told == [("asked",)]
    assert peer.send(PING, 0, 0, bytes(8)) == []


def test_a_leaving_server_says_what_it_still_answers() -> None:
    peer = Peer()
    begun(peer, 7)
    peer.codec.leave()
    (said,) = peer.said()
    assert (said.kind, said.payload) == (GOAWAY, number(7) + number(0))
    assert not peer.codec.over
