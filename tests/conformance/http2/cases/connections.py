"""RFC 9113 sections 3 to 5: the preface, frames as such, streams and errors."""

from __future__ import annotations

from tests.conformance.http2.cases.known import (
    answered,
    big_endian,
    case,
    connection_error,
    lives,
    stream_error,
)
from tests.support.http2 import (
    COMPRESSION_ERROR,
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    FRAME_SIZE_ERROR,
    HEADERS,
    MAX_STREAMS,
    PING,
    PREFACE,
    PRIORITIZED,
    PRIORITY,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    Http2Client,
)


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
