"""The cases of h2spec 2.6, told anew: what a client does, and what must come of it (RFC 7540, 7541, 9113).

h2spec's own numbers are kept, so that its list can be laid beside this one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from tests.support.http2 import (
    ACK,
    COMPRESSION_ERROR,
    CONTINUATION,
    DATA,
    ENABLE_PUSH,
    END_HEADERS,
    END_STREAM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW,
    MAX_FRAME,
    MAX_STREAMS,
    PADDED,
    PING,
    PREFACE,
    PRIORITIZED,
    PRIORITY,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW_UPDATE,
    Http2Client,
)

Body = Callable[[Http2Client], None]
LARGEST_WINDOW = 2**31 - 1


class Case(NamedTuple):
    """greets: the client has said its preface before `run`."""

    name: str
    run: Body
    greets: bool


CASES: list[Case] = []


def case(name: str, greets: bool = True) -> Callable[[Body], Body]:
    def known(run: Body) -> Body:
        CASES.append(Case(name, run, greets))
        return run

    return known


# ---- what must come of it --------------------------------------------------------------------------------------


def connection_error(client: Http2Client, *codes: int) -> None:
    client.until(lambda: client.goaway)
    assert client.goaway is not None, "closed without a GOAWAY"
    assert client.goaway.code in codes
    client.until(lambda: client.closed)
    assert client.closed


def stream_error(client: Http2Client, stream: int, *codes: int) -> None:
    """RST_STREAM; RFC 9113 section 5.4.2 allows a connection error in its place."""
    client.until(lambda: client.stream(stream).code is not None or client.goaway)
    code = client.goaway.code if client.goaway is not None else client.stream(stream).code
    assert code in codes


def answered(client: Http2Client, stream: int = 1) -> None:
    answer = client.answer(stream)
    assert answer.ended
    assert answer.status == b"200"


def lives(client: Http2Client) -> None:
    assert client.still_there()
    assert client.goaway is None


def big_endian(value: int) -> bytes:
    return struct.pack(">I", value)


# ---- generic ---------------------------------------------------------------------------------------------------


@case("generic/1/1 the connection preface")
def _(client: Http2Client) -> None:
    assert client.settings
    lives(client)


@case("generic/2/1 PRIORITY on an idle stream")
def _(client: Http2Client) -> None:
    client.frame(PRIORITY, 0, 1, big_endian(0) + b"\x0f")
    client.headers(1)
    answered(client)


@case("generic/2/2 WINDOW_UPDATE on a half-closed stream")
def _(client: Http2Client) -> None:
    client.headers(1)
    client.window(1, 100)
    answered(client)


@case("generic/2/3 PRIORITY on a half-closed stream")
def _(client: Http2Client) -> None:
    client.headers(1)
    client.frame(PRIORITY, 0, 1, big_endian(0) + b"\x0f")
    answered(client)


@case("generic/2/4 RST_STREAM on a half-closed stream")
def _(client: Http2Client) -> None:
    client.headers(1)
    client.reset(1)
    lives(client)


@case("generic/2/5 PRIORITY on a closed stream")
def _(client: Http2Client) -> None:
    client.headers(1)
    answered(client)
    client.frame(PRIORITY, 0, 1, big_endian(0) + b"\x0f")
    lives(client)


@case("generic/3.1/1 DATA")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.data(1, b"test")
    answered(client)


@case("generic/3.1/2 several DATA")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.data(1, b"test", ended=False)
    client.data(1, b"test")
    answered(client)


@case("generic/3.1/3 DATA with padding")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.frame(DATA, END_STREAM | PADDED, 1, b"\x05test" + bytes(5))
    answered(client)


@case("generic/3.2/1 HEADERS")
def _(client: Http2Client) -> None:
    client.headers(1)
    answered(client)


@case("generic/3.2/2 HEADERS with padding")
def _(client: Http2Client) -> None:
    client.frame(
        HEADERS, END_STREAM | END_HEADERS | PADDED, 1, b"\x05" + client.block(client.head()) + bytes(5)
    )
    answered(client)


@case("generic/3.2/3 HEADERS with a priority")
def _(client: Http2Client) -> None:
    client.frame(
        HEADERS,
        END_STREAM | END_HEADERS | PRIORITIZED,
        1,
        big_endian(0) + b"\xff" + client.block(client.head()),
    )
    answered(client)


@case("generic/3.3/1 PRIORITY of weight 1")
def _(client: Http2Client) -> None:
    client.frame(PRIORITY, 0, 1, big_endian(0) + b"\x00")
    lives(client)


@case("generic/3.3/2 PRIORITY of weight 256")
def _(client: Http2Client) -> None:
    client.frame(PRIORITY, 0, 1, big_endian(0) + b"\xff")
    lives(client)


@case("generic/3.3/3 PRIORITY that depends on another stream")
def _(client: Http2Client) -> None:
    client.frame(PRIORITY, 0, 1, big_endian(0) + b"\xff")
    client.frame(PRIORITY, 0, 3, big_endian(1) + b"\xff")
    lives(client)


@case("generic/3.3/4 PRIORITY, exclusive")
def _(client: Http2Client) -> None:
    client.frame(PRIORITY, 0, 3, big_endian(1 | 1 << 31) + b"\xff")
    lives(client)


@case("generic/3.3/5 PRIORITY on an idle stream, then HEADERS on a lower one")
def _(client: Http2Client) -> None:
    client.frame(PRIORITY, 0, 5, big_endian(0) + b"\xff")
    client.headers(3)
    answered(client, 3)


@case("generic/3.4/1 RST_STREAM")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.reset(1)
    lives(client)


@case("generic/3.5/1 SETTINGS")
def _(client: Http2Client) -> None:
    client.settings_frame({INITIAL_WINDOW: 100})
    client.until(lambda: client.acknowledged == 2)
    assert client.acknowledged == 2


@case("generic/3.7/1 PING")
def _(client: Http2Client) -> None:
    client.ping(b"h2spec!!")
    client.until(lambda: client.pongs)
    assert client.pongs == [b"h2spec!!"]


@case("generic/3.8/1 GOAWAY")
def _(client: Http2Client) -> None:
    client.frame(GOAWAY, 0, 0, big_endian(0) + big_endian(0) + b"bye")
    client.until(lambda: client.closed)
    assert client.closed
    assert client.goaway is None or client.goaway.code == 0


@case("generic/3.9/1 WINDOW_UPDATE of the connection")
def _(client: Http2Client) -> None:
    client.window(0, 1)
    lives(client)


@case("generic/3.9/2 WINDOW_UPDATE of a stream")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.window(1, 1)
    lives(client)


@case("generic/3.10/1 CONTINUATION")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy", "0")]))
    answered(client)


@case("generic/3.10/2 several CONTINUATION")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.frame(CONTINUATION, 0, 1, client.block([("x-dummy", "0")]))
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy-2", "0")]))
    answered(client)


@case("generic/4/1 GET")
def _(client: Http2Client) -> None:
    client.headers(1)
    answered(client)


@case("generic/4/2 HEAD")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="HEAD"))
    answered(client)
    assert client.stream(1).body == b""


@case("generic/4/3 POST")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.data(1, b"test")
    answered(client)


@case("generic/4/4 POST with trailers")
def _(client: Http2Client) -> None:
    client.headers(1, [*client.head(method="POST"), ("trailer", "x-test")], ended=False)
    client.data(1, b"test", ended=False)
    client.headers(1, [("x-test", "ok")])
    answered(client)


USUAL = b"\x82\x86\x84"  # :method GET, :scheme http, :path /, all from the static table


@case("generic/5/1 an indexed field")
def _(client: Http2Client) -> None:
    client.frame(
        HEADERS,
        END_STREAM | END_HEADERS,
        1,
        USUAL + client.block([(":authority", "127.0.0.1")]),
    )
    answered(client)


def literal(first: int, bits: int, name_index: int, name: bytes, huffman: bool) -> bytes:
    """A literal field (RFC 7541 section 6.2): its first octet's pattern, and how many bits an index has in it."""
    from hpack.huffman import HuffmanEncoder
    from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

    coder = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)

    def text(value: bytes) -> bytes:
        coded = coder.encode(value) if huffman else value
        return bytes([len(coded) | (0x80 if huffman else 0)]) + coded

    index = bytes([first | name_index]) if name_index < (1 << bits) - 1 else bytes([first | (1 << bits) - 1])
    if name_index >= (1 << bits) - 1:
        index += bytes([name_index - (1 << bits) + 1])
    return index + (b"" if name_index else text(name)) + text(b"test")


USER_AGENT = 58  # in the static table
LITERALS = [("with indexing", 0x40, 6), ("without indexing", 0x00, 4), ("never indexed", 0x10, 4)]
for _place, (_kind, _first, _bits) in enumerate(LITERALS):
    for _offset, (_index, _huffman) in enumerate(
        [(USER_AGENT, False), (USER_AGENT, True), (0, False), (0, True)]
    ):

        def _run(
            client: Http2Client,
            first: int = _first,
            bits: int = _bits,
            index: int = _index,
            huffman: bool = _huffman,
        ) -> None:
            field = literal(first, bits, index, b"x-test", huffman)
            block = USUAL + client.block([(":authority", "127.0.0.1")])
            client.frame(HEADERS, END_STREAM | END_HEADERS, 1, block + field)
            answered(client)

        _named = "indexed name" if _index else "new name"
        _coded = ", Huffman" if _huffman else ""
        case(f"generic/5/{2 + 4 * _place + _offset} a literal {_kind}, {_named}{_coded}")(_run)


@case("generic/5/14 a dynamic table size update")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x21" + client.block(client.head()))
    answered(client)


@case("generic/5/15 two dynamic table size updates")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x20\x3f\xe1\x1f" + client.block(client.head()))
    answered(client)


# ---- RFC 7540 / 9113 ---------------------------------------------------------------------------------------------


@case("http2/3.5/1 the preface", greets=False)
def _(client: Http2Client) -> None:
    client.send(PREFACE)
    client.settings_frame({})
    client.until(lambda: client.frames)
    assert client.frames[0].kind == SETTINGS


@case("http2/3.5/2 no preface", greets=False)
def _(client: Http2Client) -> None:
    client.send(b"INVALID CONNECTION PREFACE\r\n\r\n")
    client.until(lambda: client.closed)
    assert client.closed


@case("http2/4.1/1 a frame of an unknown type")
def _(client: Http2Client) -> None:
    client.frame(0x16, 0, 0, bytes(8))
    lives(client)


@case("http2/4.1/2 a frame with an undefined flag")
def _(client: Http2Client) -> None:
    client.frame(PING, 0x16, 0, b"undefind")
    lives(client)


@case("http2/4.1/3 a frame with the reserved bit")
def _(client: Http2Client) -> None:
    client.frame(PING, 0, 1 << 31, b"reserved")
    client.until(lambda: client.pongs)
    assert client.pongs == [b"reserved"]


@case("http2/4.2/1 DATA of 2^14 octets")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.data(1, bytes(16384))
    answered(client)


@case("http2/4.2/2 DATA beyond SETTINGS_MAX_FRAME_SIZE")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.data(1, bytes(16385))
    stream_error(client, 1, FRAME_SIZE_ERROR)


@case("http2/4.2/3 HEADERS beyond SETTINGS_MAX_FRAME_SIZE")
def _(client: Http2Client) -> None:
    client.headers(1, [*client.head(), *[(f"x-{n}", "a" * 1024) for n in range(48)]])
    connection_error(client, FRAME_SIZE_ERROR)


@case("http2/4.3/1 a malformed header block")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x20\x82\x86\x84\x41\x8a\x08")
    connection_error(client, COMPRESSION_ERROR, PROTOCOL_ERROR)


@case("http2/4.3/2 PRIORITY inside a header block")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.frame(PRIORITY, 0, 1, big_endian(0) + b"\xff")
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy", "0")]))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/4.3/3 HEADERS of another stream inside a header block")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.headers(3)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/5.1/1 idle: DATA")
def _(client: Http2Client) -> None:
    client.data(1, b"test")
    connection_error(client, PROTOCOL_ERROR)


@case("http2/5.1/2 idle: RST_STREAM")
def _(client: Http2Client) -> None:
    client.reset(1)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/5.1/3 idle: WINDOW_UPDATE")
def _(client: Http2Client) -> None:
    client.window(1, 100)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/5.1/4 idle: CONTINUATION")
def _(client: Http2Client) -> None:
    client.frame(CONTINUATION, END_HEADERS, 1, client.block(client.head()))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/5.1/5 half-closed: DATA")
def _(client: Http2Client) -> None:
    client.headers(1)
    client.data(1, b"test")
    stream_error(client, 1, STREAM_CLOSED)


@case("http2/5.1/6 half-closed: HEADERS")
def _(client: Http2Client) -> None:
    client.headers(1)
    client.headers(1)
    stream_error(client, 1, STREAM_CLOSED)


@case("http2/5.1/7 half-closed: CONTINUATION")
def _(client: Http2Client) -> None:
    client.headers(1)
    client.frame(CONTINUATION, END_HEADERS, 1, client.block(client.head()))
    stream_error(client, 1, STREAM_CLOSED, PROTOCOL_ERROR)


@case("http2/5.1/8 closed by RST_STREAM: DATA")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.reset(1)
    client.data(1, b"test")
    stream_error(client, 1, STREAM_CLOSED)


@case("http2/5.1/9 closed by RST_STREAM: HEADERS")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.reset(1)
    client.headers(1)
    stream_error(client, 1, STREAM_CLOSED)


@case("http2/5.1/10 closed by RST_STREAM: CONTINUATION")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.reset(1)
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy", "0")]))
    stream_error(client, 1, STREAM_CLOSED, PROTOCOL_ERROR)


@case("http2/5.1/11 closed: DATA")
def _(client: Http2Client) -> None:
    client.headers(1)
    answered(client)
    client.data(1, b"test")
    connection_error(client, STREAM_CLOSED)


@case("http2/5.1/12 closed: HEADERS")
def _(client: Http2Client) -> None:
    client.headers(1)
    answered(client)
    client.headers(1)
    connection_error(client, STREAM_CLOSED)


@case("http2/5.1/13 closed: CONTINUATION")
def _(client: Http2Client) -> None:
    client.headers(1)
    answered(client)
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy", "0")]))
    connection_error(client, STREAM_CLOSED, PROTOCOL_ERROR)


@case("http2/5.1.1/1 an even stream identifier")
def _(client: Http2Client) -> None:
    client.headers(2)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/5.1.1/2 a lower stream identifier")
def _(client: Http2Client) -> None:
    client.headers(5)
    client.headers(3)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/5.1.2/1 more streams than SETTINGS_MAX_CONCURRENT_STREAMS")
def _(client: Http2Client) -> None:
    most = client.settings[MAX_STREAMS]
    for number in range(most + 1):
        client.headers(2 * number + 1, client.head(method="POST"), ended=False)
    stream_error(client, 2 * most + 1, PROTOCOL_ERROR, REFUSED_STREAM)


@case("http2/5.3.1/1 HEADERS that depends on itself")
def _(client: Http2Client) -> None:
    client.frame(
        HEADERS,
        END_STREAM | END_HEADERS | PRIORITIZED,
        1,
        big_endian(1) + b"\xff" + client.block(client.head()),
    )
    stream_error(client, 1, PROTOCOL_ERROR)


@case("http2/5.3.1/2 PRIORITY that depends on itself")
def _(client: Http2Client) -> None:
    client.frame(PRIORITY, 0, 2, big_endian(2) + b"\xff")
    stream_error(client, 2, PROTOCOL_ERROR)


@case("http2/5.4.1/1 after a connection error it is closed")
def _(client: Http2Client) -> None:
    client.frame(PING, 0, 3, bytes(8))
    client.until(lambda: client.closed)
    assert client.closed


@case("http2/5.4.1/2 a connection error is told by GOAWAY")
def _(client: Http2Client) -> None:
    client.frame(PING, 0, 3, bytes(8))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/5.5/1 an unknown extension frame")
def _(client: Http2Client) -> None:
    client.frame(0x16, 0, 0, bytes(8))
    lives(client)


@case("http2/5.5/2 an unknown extension frame inside a header block")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.frame(0x16, 0, 0, bytes(8))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.1/1 DATA on stream 0")
def _(client: Http2Client) -> None:
    client.data(0, b"test")
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.1/2 DATA on a stream that is neither open nor half-closed (local)")
def _(client: Http2Client) -> None:
    client.headers(1)
    client.data(1, b"test")
    stream_error(client, 1, STREAM_CLOSED)


@case("http2/6.1/3 DATA with more padding than payload")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.frame(DATA, END_STREAM | PADDED, 1, b"\x06test\x00")
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.2/1 HEADERS without END_HEADERS, then PRIORITY")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.frame(PRIORITY, 0, 1, big_endian(0) + b"\xff")
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.2/2 HEADERS without END_HEADERS, then HEADERS of another stream")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.headers(3)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.2/3 HEADERS on stream 0")
def _(client: Http2Client) -> None:
    client.headers(0)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.2/4 HEADERS with more padding than payload")
def _(client: Http2Client) -> None:
    block = client.block(client.head())
    client.frame(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, bytes([len(block) + 1]) + block)
    stream_error(client, 1, PROTOCOL_ERROR)


@case("http2/6.3/1 PRIORITY on stream 0")
def _(client: Http2Client) -> None:
    client.frame(PRIORITY, 0, 0, big_endian(0) + b"\xff")
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.3/2 PRIORITY of four octets")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.frame(PRIORITY, 0, 1, bytes(4))
    stream_error(client, 1, FRAME_SIZE_ERROR)


@case("http2/6.4/1 RST_STREAM on stream 0")
def _(client: Http2Client) -> None:
    client.reset(0)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.4/2 RST_STREAM on an idle stream")
def _(client: Http2Client) -> None:
    client.reset(1)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.4/3 RST_STREAM of three octets")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.frame(RST_STREAM, 0, 1, bytes(3))
    stream_error(client, 1, FRAME_SIZE_ERROR)


@case("http2/6.5/1 SETTINGS with ACK and a payload")
def _(client: Http2Client) -> None:
    client.frame(SETTINGS, ACK, 0, bytes(1))
    connection_error(client, FRAME_SIZE_ERROR)


@case("http2/6.5/2 SETTINGS on a stream")
def _(client: Http2Client) -> None:
    client.frame(SETTINGS, 0, 1, struct.pack(">HI", MAX_STREAMS, 0xFFFFFFFF))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.5/3 SETTINGS of three octets")
def _(client: Http2Client) -> None:
    client.frame(SETTINGS, 0, 0, bytes(3))
    connection_error(client, FRAME_SIZE_ERROR)


@case("http2/6.5.2/1 SETTINGS_ENABLE_PUSH 2")
def _(client: Http2Client) -> None:
    client.settings_frame({ENABLE_PUSH: 2})
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.5.2/2 SETTINGS_INITIAL_WINDOW_SIZE too large")
def _(client: Http2Client) -> None:
    client.settings_frame({INITIAL_WINDOW: 1 << 31})
    connection_error(client, FLOW_CONTROL_ERROR)


@case("http2/6.5.2/3 SETTINGS_MAX_FRAME_SIZE too small")
def _(client: Http2Client) -> None:
    client.settings_frame({MAX_FRAME: 16383})
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.5.2/4 SETTINGS_MAX_FRAME_SIZE too large")
def _(client: Http2Client) -> None:
    client.settings_frame({MAX_FRAME: 1 << 24})
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.5.2/5 an unknown setting")
def _(client: Http2Client) -> None:
    client.settings_frame({0xFF: 1})
    client.until(lambda: client.acknowledged == 2)
    lives(client)


@case("http2/6.5.3/1 SETTINGS with a value twice: the last counts")
def _(client: Http2Client) -> None:
    pair = struct.pack(">HIHI", INITIAL_WINDOW, 100, INITIAL_WINDOW, 1)
    client.gives_back = False
    client.frame(SETTINGS, 0, 0, pair)
    client.until(lambda: client.acknowledged == 2)
    client.headers(1)
    client.until(lambda: client.stream(1).pieces)
    assert client.stream(1).pieces == [1]


@case("http2/6.5.3/2 SETTINGS are acknowledged")
def _(client: Http2Client) -> None:
    client.settings_frame({ENABLE_PUSH: 0})
    client.until(lambda: client.acknowledged == 2)
    assert client.acknowledged == 2


@case("http2/6.7/1 PING")
def _(client: Http2Client) -> None:
    client.ping(b"h2spec!!")
    client.until(lambda: client.pongs)
    assert client.pongs == [b"h2spec!!"]


@case("http2/6.7/2 PING with ACK is not answered")
def _(client: Http2Client) -> None:
    client.frame(PING, ACK, 0, b"notasked")
    client.ping(b"asked it")
    client.until(lambda: client.pongs)
    assert client.pongs == [b"asked it"]


@case("http2/6.7/3 PING on a stream")
def _(client: Http2Client) -> None:
    client.frame(PING, 0, 1, bytes(8))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.7/4 PING of six octets")
def _(client: Http2Client) -> None:
    client.frame(PING, 0, 0, bytes(6))
    connection_error(client, FRAME_SIZE_ERROR)


@case("http2/6.8/1 GOAWAY on a stream")
def _(client: Http2Client) -> None:
    client.frame(GOAWAY, 0, 1, bytes(8))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.9/1 WINDOW_UPDATE of 0 on the connection")
def _(client: Http2Client) -> None:
    client.window(0, 0)
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.9/2 WINDOW_UPDATE of 0 on a stream")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.window(1, 0)
    stream_error(client, 1, PROTOCOL_ERROR)


@case("http2/6.9/3 WINDOW_UPDATE of three octets")
def _(client: Http2Client) -> None:
    client.frame(WINDOW_UPDATE, 0, 0, bytes(3))
    connection_error(client, FRAME_SIZE_ERROR)


@case("http2/6.9.1/1 a window of 1 is kept to")
def _(client: Http2Client) -> None:
    client.gives_back = False
    client.settings_frame({INITIAL_WINDOW: 1})
    client.until(lambda: client.acknowledged == 2)
    client.headers(1)
    client.until(lambda: client.stream(1).pieces)
    assert client.stream(1).pieces == [1]


@case("http2/6.9.1/2 the connection's window beyond 2^31-1")
def _(client: Http2Client) -> None:
    client.window(0, LARGEST_WINDOW)
    client.window(0, LARGEST_WINDOW)
    connection_error(client, FLOW_CONTROL_ERROR)


@case("http2/6.9.1/3 a stream's window beyond 2^31-1")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.window(1, LARGEST_WINDOW)
    client.window(1, LARGEST_WINDOW)
    stream_error(client, 1, FLOW_CONTROL_ERROR)


@case("http2/6.9.2/1 a window that is changed after HEADERS")
def _(client: Http2Client) -> None:
    client.gives_back = False
    client.settings_frame({INITIAL_WINDOW: 0})
    client.until(lambda: client.acknowledged == 2)
    client.headers(1)
    client.settings_frame({INITIAL_WINDOW: 1})
    client.until(lambda: client.stream(1).pieces)
    assert client.stream(1).pieces == [1]


@case("http2/6.9.2/2 a window that becomes negative")
def _(client: Http2Client) -> None:
    client.gives_back = False
    client.settings_frame({INITIAL_WINDOW: 3})
    client.until(lambda: client.acknowledged == 2)
    client.headers(1)
    client.until(lambda: client.stream(1).pieces)
    client.settings_frame({INITIAL_WINDOW: 2})
    client.until(lambda: client.acknowledged == 3)
    client.window(1, 2)
    client.until(lambda: len(client.stream(1).pieces) == 2)
    assert client.stream(1).pieces == [3, 1]


@case("http2/6.9.2/3 SETTINGS_INITIAL_WINDOW_SIZE beyond the largest")
def _(client: Http2Client) -> None:
    client.settings_frame({INITIAL_WINDOW: 1 << 31})
    connection_error(client, FLOW_CONTROL_ERROR)


@case("http2/6.10/1 CONTINUATION behind HEADERS")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.frame(CONTINUATION, 0, 1, client.block([("x-dummy", "0")]))
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy-2", "0")]))
    answered(client)


@case("http2/6.10/2 CONTINUATION, then another frame")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.frame(CONTINUATION, 0, 1, client.block([("x-dummy", "0")]))
    client.data(1, b"test")
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.10/3 CONTINUATION on stream 0")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, END_STREAM, 1, client.block(client.head()))
    client.frame(CONTINUATION, END_HEADERS, 0, client.block([("x-dummy", "0")]))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.10/4 CONTINUATION behind HEADERS with END_HEADERS")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy", "0")]))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.10/5 CONTINUATION behind CONTINUATION with END_HEADERS")
def _(client: Http2Client) -> None:
    client.frame(HEADERS, 0, 1, client.block(client.head()))
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy", "0")]))
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy", "0")]))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/6.10/6 CONTINUATION behind DATA")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.data(1, b"test")
    client.frame(CONTINUATION, END_HEADERS, 1, client.block([("x-dummy", "0")]))
    connection_error(client, PROTOCOL_ERROR)


@case("http2/7/1 GOAWAY with an unknown code")
def _(client: Http2Client) -> None:
    client.frame(GOAWAY, 0, 0, big_endian(0) + big_endian(0xFF))
    client.until(lambda: client.closed)
    assert client.closed


@case("http2/7/2 RST_STREAM with an unknown code")
def _(client: Http2Client) -> None:
    client.headers(1, ended=False)
    client.reset(1, 0xFF)
    lives(client)


@case("http2/8.1/1 a second HEADERS without END_STREAM")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.headers(1, [("x-test", "ok")], ended=False)
    stream_error(client, 1, PROTOCOL_ERROR)


MALFORMED = {
    "8.1.2/1 a name in upper case": lambda head: [*head, ("X-TEST", "ok")],
    "8.1.2.1/1 an unknown pseudo-header field": lambda head: [*head, (":test", "ok")],
    "8.1.2.1/2 one that is defined for responses": lambda head: [*head, (":status", "200")],
    "8.1.2.1/4 one behind a regular field": lambda head: [("x-test", "ok"), *head],
    "8.1.2.2/1 a field of the connection": lambda head: [*head, ("connection", "keep-alive")],
    "8.1.2.2/2 TE other than trailers": lambda head: [*head, ("te", "trailers, deflate")],
    "8.1.2.3/1 an empty :path": lambda head: [*head[:2], (":path", ""), *head[3:]],
    "8.1.2.3/2 no :method": lambda head: head[1:],
    "8.1.2.3/3 no :scheme": lambda head: [head[0], *head[2:]],
    "8.1.2.3/4 no :path": lambda head: [*head[:2], *head[3:]],
    "8.1.2.3/5 :method twice": lambda head: [*head, head[0]],
    "8.1.2.3/6 :scheme twice": lambda head: [*head, head[1]],
    "8.1.2.3/7 :path twice": lambda head: [*head, head[2]],
}
for _name, _change in MALFORMED.items():

    def _malformed(client: Http2Client, change: Callable[..., object] = _change) -> None:
        client.headers(1, change(client.head()))
        stream_error(client, 1, PROTOCOL_ERROR)
        lives(client)  # more than h2spec asks: it costs the stream, not the others'

    case(f"http2/{_name}")(_malformed)


@case("http2/8.1.2.1/3 a pseudo-header field in trailers")
def _(client: Http2Client) -> None:
    client.headers(1, client.head(method="POST"), ended=False)
    client.data(1, b"test", ended=False)
    client.headers(1, [(":method", "POST")])
    stream_error(client, 1, PROTOCOL_ERROR)


@case("http2/8.1.2.6/1 a content-length that one DATA belies")
def _(client: Http2Client) -> None:
    client.headers(1, [*client.head(method="POST"), ("content-length", "1")], ended=False)
    client.data(1, b"test")
    stream_error(client, 1, PROTOCOL_ERROR)


@case("http2/8.1.2.6/2 a content-length that several DATA belie")
def _(client: Http2Client) -> None:
    client.headers(1, [*client.head(method="POST"), ("content-length", "1")], ended=False)
    client.data(1, b"test", ended=False)
    client.data(1, b"test")
    stream_error(client, 1, PROTOCOL_ERROR)


@case("http2/8.2/1 PUSH_PROMISE from a client")
def _(client: Http2Client) -> None:
    client.frame(PUSH_PROMISE, END_HEADERS, 1, big_endian(3) + client.block(client.head()))
    connection_error(client, PROTOCOL_ERROR)


# ---- RFC 7541 ----------------------------------------------------------------------------------------------------

BLOCKS = {
    "2.3.3/1 an index beyond the tables": b"\xc6",
    "2.3.3/2 a name's index beyond the tables": b"\x7f\x07\x04test",
    "4.2/1 a table size update behind a field": b"\x3f\xe1\x1f",
    "5.2/1 a Huffman string with more than 7 bits of padding": b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"[
        :14
    ],
    "5.2/2 a Huffman string padded with zeros": b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90",
    "5.2/3 a Huffman string with EOS": b"\x00\x85\xf2\xb2\x4a\x84\xff\x87\xff\xff\xff\xff\xff\xff\xff",
    "6.1/1 index 0": b"\x80",
    "6.3/1 a table size beyond the setting": b"\x3f\xe2\x1f",
}
for _name, _bytes in BLOCKS.items():

    def _block(client: Http2Client, name: str = _name, field: bytes = _bytes) -> None:
        usual = USUAL + b"\x41\x09127.0.0.1"
        block = field + usual if name.startswith("6.3") else usual + field
        client.frame(HEADERS, END_STREAM | END_HEADERS, 1, block)
        connection_error(client, COMPRESSION_ERROR, PROTOCOL_ERROR)

    case(f"hpack/{_name}")(_block)
