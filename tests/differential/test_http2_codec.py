"""The same frames to h2 and to the codec: the same verdicts, but for what is written here."""

from __future__ import annotations

from contextlib import suppress

import h2.config
import h2.connection
import h2.exceptions
import h2.settings
import hpack
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.http2 import (
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    PROTOCOL_ERROR,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW_UPDATE,
    Frame,
    packed,
)
from tests.support.http2_codec import OPENING, WINDOW, Peer, frames, verdict

MOST_STREAMS = 4
HEAD = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a"), ("x", "y" * 20)]
BLOCK = hpack.Encoder().encode(HEAD)  # what it puts into the table changes nothing for the next
TRAILERS = b"\x00\x01t\x011"

NUMBERS = st.sampled_from([0, 1, 1, 1, 2, 3, 3, 5, 5, 7, 9])
FLAGS = st.sampled_from([0, 1, 4, 5, 5, 5, 8, 0xC, 0xD, 0x20, 0x25, 0x2D, 0xFF])
PAYLOADS = st.sampled_from(
    [
        b"",
        BLOCK,
        BLOCK[:7],
        BLOCK[7:],
        TRAILERS,
        b"\x02" + BLOCK + bytes(2),
        bytes(4) + b"\x10" + BLOCK,
        b"\x01" + bytes(4) + b"\x10" + BLOCK + b"\0",
        b"\xbe",
        bytes(4),
        bytes(8),
        b"\x00\x00\x00\x01",
        b"\x7f\xff\xff\xff",
        b"\x00\x00\x00\x03\x01",
        b"\x00\x04\x00\x00\x00\x00",
        b"\x00\x04\x7f\xff\xff\xff",
        b"\x00\x04\x80\x00\x00\x00",
        b"\x00\x05\x00\x00\x40\x00",
        b"\x00\x05\x00\x00\x00\x01",
        b"\x00\x02\x00\x00\x00\x02",
        b"\x00\x01\x00\x00\x00\x00" * 2,
        bytes(16384),
        bytes(16385),
    ]
) | st.binary(max_size=12)
ANY = st.tuples(st.integers(0, 12), FLAGS, NUMBERS, PAYLOADS)
LIKELY = st.one_of(
    st.tuples(st.just(HEADERS), st.sampled_from([4, 5, 5]), NUMBERS, st.sampled_from([BLOCK, TRAILERS])),
    st.tuples(st.just(HEADERS), st.sampled_from([0, 1]), NUMBERS, st.just(BLOCK[:7])),
    st.tuples(st.just(CONTINUATION), st.sampled_from([0, 4]), NUMBERS, st.just(BLOCK[7:])),
    st.tuples(st.just(DATA), st.sampled_from([0, 1]), NUMBERS, st.sampled_from([b"", b"data", bytes(16384)])),
    st.tuples(st.just(RST_STREAM), st.just(0), NUMBERS, st.just(bytes(3) + b"\x08")),
    st.tuples(st.just(WINDOW_UPDATE), st.just(0), NUMBERS, st.just(b"\0\0\0\x05")),
    st.tuples(
        st.just(SETTINGS), st.sampled_from([0, 0, 1]), st.just(0), st.sampled_from([b"", b"\0\4\0\0\0\1"])
    ),
)
SEQUENCES = st.lists(LIKELY | ANY, max_size=12)

Verdict = tuple[int | None, dict[int, int]]


class Theirs:
    """h2, with the same terms; it closes by what it raises, and says why in the GOAWAY that it has made."""

    def __init__(self) -> None:
        config = h2.config.H2Configuration(
            client_side=False, header_encoding=None, validate_inbound_headers=False
        )
        self.connection = h2.connection.H2Connection(config)
        self.connection.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: MOST_STREAMS,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
            },
        )
        self.connection.initiate_connection()
        self.connection.increment_flow_control_window((MOST_STREAMS + 1) * WINDOW)
        self.connection.receive_data(OPENING)
        self.connection.data_to_send()

    def send(self, data: bytes) -> list[Frame]:
        with suppress(h2.exceptions.ProtocolError, ValueError):
            self.connection.receive_data(data)
        return frames(self.connection.data_to_send())


def is_known(frame: tuple[int, int, int, bytes], theirs: Verdict, ours: Verdict, reset: set[int]) -> bool:
    """Where the two differ, and may. reset: streams that both have reset before."""
    kind, _, stream, _ = frame
    their_code, their_resets = theirs
    our_code, our_resets = ours
    return any(
        (
            # 1. A second HEADERS that does not end its stream, or too much data, ends the connection in h2; in ours the
            #    stream alone: sections 8.1 and 6.9.1 ask for no more.
            kind in (HEADERS, DATA) and their_code is not None and our_code is None and stream in our_resets,
            # 2. Of two faults of one frame each finds another first, and section 5.4.1 leaves the code free; what is no
            #    header block is COMPRESSION_ERROR in ours, PROTOCOL_ERROR in h2.
            our_code is not None and their_code is not None,
            # 3. To a stream that it has reset itself h2 says so again; ours drops what was on its way (section 5.1).
            set(their_resets) <= reset and their_code is None and ours == (None, {}),
            # 4. DATA on a stream that was skipped: of the connection in ours (section 5.1), of the stream in h2.
            kind == DATA and our_code == STREAM_CLOSED and stream in their_resets,
            # 5. RST_STREAM on an idle stream, an even one among them, is nothing to h2; section 6.4 has an error.
            kind == RST_STREAM and their_code is None and our_code == PROTOCOL_ERROR,
            # 6. Flags of a kind that nobody knows mean something to hyperframe; here it is dropped (section 4.1).
            kind > CONTINUATION and our_code is None,
        )
    )


@settings(max_examples=300, deadline=None)
@given(SEQUENCES)
def test_the_verdicts_are_those_of_h2(sequence: list[tuple[int, int, int, bytes]]) -> None:
    theirs, ours = Theirs(), Peer(MOST_STREAMS)
    reset: set[int] = set()
    for frame in sequence:
        if frame[0] == GOAWAY:
            continue  # to h2 the connection is closed by it, and what follows an error
        data = packed(*frame)
        expected, found = verdict(theirs.send(data)), verdict(ours.send_octets(data))
        if expected != found:
            assert is_known(frame, expected, found, reset), (frame, expected, found)
            return  # from here on they are of two minds
        if found[0] is not None:
            return
        reset |= found[1].keys()


@settings(max_examples=100, deadline=None)
@given(SEQUENCES, st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_however_the_octets_are_cut_they_mean_the_same(
    sequence: list[tuple[int, int, int, bytes]], sizes: list[int]
) -> None:
    data = OPENING + b"".join(packed(*frame) for frame in sequence)
    whole, cut = Peer(greets=False), Peer(greets=False)
    said = whole.send_octets(data)
    pieces = []
    while data:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[:size])
        data = data[size:]
    heard: list[Frame] = []
    for piece in pieces:
        heard += cut.send_octets(piece)
    assert heard == said
    assert cut.listener.told == whole.listener.told
    assert cut.codec.streams.keys() == whole.codec.streams.keys()
