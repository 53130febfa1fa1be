"""RFC 9113 section 6: each kind of frame."""

from __future__ import annotations

import struct

from tests.conformance.http2.cases.known import (
    LARGEST_WINDOW,
    answered,
    big_endian,
    case,
    connection_error,
    lives,
    stream_error,
)
from tests.support.http2 import (
    ACK,
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
    PRIORITY,
    PROTOCOL_ERROR,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW_UPDATE,
    Http2Client,
)


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
