"""What a client's frames mean: the same to Gearshift's reader and to the `websockets` package, however they are cut."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from gearshift.websocket.deflate import Deflate
from gearshift.websocket.reader import Reader, Told
from tests.support.websocket_wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

LIMIT = 300


class Heard(NamedTuple):
    """The messages, and the code it ends with: 0 where it goes on."""

    messages: list[str | bytes]
    code: int


def by_gearshift(data: bytes, cuts: list[int], deflate: bool) -> Heard:
    reader = Reader(LIMIT, Deflate() if deflate else None)
    messages: list[str | bytes] = []
    waiting = bytearray()
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        waiting += data[start:end]
        while True:
            told = reader.feed(waiting)
            del waiting[: reader.taken]
            if told in (Told.TEXT, Told.BINARY):
                assert reader.message is not None
                messages.append(reader.message)
            elif told in (Told.CLOSE, Told.BROKEN):
                return Heard(messages, reader.code)
            elif told == Told.MORE:
                break
    return Heard(messages, 0)


def by_websockets(data: bytes, deflate: bool) -> Heard:
    protocol = ServerProtocol(state=OPEN, max_size=LIMIT)
    if deflate:
        protocol.extensions = [PerMessageDeflate(False, False, 15, 15)]
    protocol.receive_data(data)
    messages: list[str | bytes] = []
    parts: list[bytes] = []
    text = False
    code = 0
    try:
        for event in protocol.events_received():
            assert isinstance(event, Frame)
            if event.opcode in (Opcode.TEXT, Opcode.BINARY):
                parts, text = [], event.opcode == Opcode.TEXT
            if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                parts.append(bytes(event.data))
                if event.fin:
                    whole = b"".join(parts)
                    messages.append(whole.decode() if text else whole)
            elif event.opcode == Opcode.CLOSE:
                code = protocol.close_rcvd.code if protocol.close_rcvd else 0
    except UnicodeDecodeError:
        return Heard(messages, 1007)
    error: Any = protocol.parser_exc
    if error is not None:
        kinds = {ProtocolError: 1002, PayloadTooBig: 1009, UnicodeDecodeError: 1007}
        code = next((number for kind, number in kinds.items() if isinstance(error, kind)), code)
    return Heard(messages, code)


payloads = st.one_of(st.binary(max_size=140), st.text(max_size=60).map(lambda text: text.encode()))
opcodes = st.sampled_from([TEXT, TEXT, BINARY, CONTINUATION, CONTINUATION, PING, PONG])
frames = st.builds(
    lambda opcode, payload, fin: frame(opcode, payload, fin=fin or opcode > 7),
    opcodes,
    payloads,
    st.booleans(),
)
wrong = st.one_of(
    st.builds(
        lambda code, rest: frame(CLOSE, code.to_bytes(2, "big") + rest),
        st.integers(0, 65535),
        st.text(max_size=30).map(lambda text: text.encode()),  # of two faults either may be told
    ),
    st.builds(
        lambda opcode, rsv: frame(opcode, b"odd", rsv=rsv),
        st.integers(0, 15),
        st.sampled_from([0, 16, 32, 64]),
    ),
    st.builds(lambda payload: frame(TEXT, payload, masked=False), payloads),
    st.just(frame(PING, b"cut", fin=False)),
    st.just(frame(CLOSE, b"\x03")),
    st.just(frame(CLOSE)),
    st.just(frame(BINARY, bytes(LIMIT + 1))),
)


FAULTS = (1002, 1007, 1009)


def is_unfinished(frames: list[bytes]) -> bool:
    """Whether the last message lacks its end."""
    of_messages = [one[0] for one in frames if one[0] & 15 <= BINARY]
    return bool(of_messages) and not of_messages[-1] & 128


@settings(max_examples=400)
@given(st.lists(frames, max_size=5), st.lists(wrong, max_size=1), st.lists(st.integers(0, 2000), max_size=8))
@example([], [frame(CLOSE, b"\x03\xec")], [1])
@example([frame(TEXT, b"", fin=False)], [frame(CLOSE)], [])
@example([frame(TEXT, b"\x80"), frame(TEXT, b"", fin=False)], [frame(CLOSE, b"\0\0")], [])
def test_frames(whole: list[bytes], last: list[bytes], cuts: list[int]) -> None:
    data = b"".join([*whole, *last])
    ours = by_gearshift(data, cuts, deflate=False)
    theirs = by_websockets(data, deflate=False)
    in_the_middle = bool(last) and last[0][0] & 15 == CLOSE and is_unfinished(whole)
    either = ours.code in FAULTS and theirs.code in FAULTS  # of two faults either may be told
    if either or ours.code == 1007:  # which we say before the message is whole, and they afterwards
        assert ours.messages == theirs.messages[: len(ours.messages)]
    elif in_the_middle and ours.code not in FAULTS:
        # A control frame may come between the pieces of a message (RFC 6455 section 5.4), which websockets refuses of
        # this one.
        assert theirs == Heard(ours.messages, 1002)
    else:
        assert ours == theirs


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.lists(st.integers(0, 2000), max_size=4))
def test_what_they_compress_we_read(contents: list[bytes], cuts: list[int]) -> None:
    theirs = PerMessageDeflate(False, False, 15, 15)
    wire = []
    for content in contents:
        done = theirs.encode(Frame(Opcode.BINARY, content))
        wire.append(frame(BINARY, bytes(done.data), rsv=0x40 if done.rsv1 else 0))
    assert by_gearshift(b"".join(wire), cuts, deflate=True) == Heard(list(contents), 0)


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_what_we_compress_they_read(contents: list[bytes]) -> None:
    ours, theirs = Deflate(), PerMessageDeflate(False, False, 15, 15)
    for content in contents:
        done = Frame(Opcode.BINARY, ours.deflate(content), rsv1=True)
        assert bytes(theirs.decode(done).data) == content
