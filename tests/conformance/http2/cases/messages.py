"""RFC 9113 sections 7 and 8: error codes and messages."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.http2.cases.known import big_endian, case, connection_error, lives, stream_error
from tests.support.http2 import (
    END_HEADERS,
    GOAWAY,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    Http2Client,
)


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
