"""h2spec's chapter "generic": what every server must take."""

from __future__ import annotations

from tests.conformance.http2.cases.known import USUAL, answered, big_endian, case, lives
from tests.support.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW,
    PADDED,
    PRIORITIZED,
    PRIORITY,
    Http2Client,
)


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
