"""Content-Length and Transfer-Encoding (RFC 9112 6): the fields that say where a request ends."""

from __future__ import annotations

from tests.conformance.cases import Accepted, Refused, label, post

CHUNKED_HELLO = b"5\r\nhello\r\n0\r\n\r\n"


def _lengths(*values: bytes) -> list[Refused]:
    return [
        Refused(f"length-{label(value)}", post(b"Content-Length: " + value, body=b"hello"))
        for value in values
    ]


def _codings(statuses: tuple[int, ...], *values: bytes) -> list[Refused]:
    return [
        Refused(f"coding-{label(value)}", post(b"Transfer-Encoding: " + value, body=CHUNKED_HELLO), statuses)
        for value in values
    ]


def _both(name: str, *lines: bytes) -> Refused:
    return Refused(f"both-{name}", post(*lines, body=CHUNKED_HELLO))


REFUSED = [
    # Two lengths.
    Refused("length-two-equal", post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello")),
    Refused("length-two-different", post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello!")),
    Refused("length-two-case", post(b"Content-Length: 5", b"cONTENT-lENGTH: 5", body=b"hello")),
    Refused("length-two-apart", post(b"Content-Length: 5", b"X: y", b"Content-Length: 0", body=b"hello")),
    Refused("length-two-zero", post(b"Content-Length: 0", b"Content-Length: 0")),
    Refused("length-three", post(*[b"Content-Length: 5"] * 3, body=b"hello")),
    Refused("length-two-one-empty", post(b"Content-Length: 5", b"Content-Length:", body=b"hello")),
    Refused("length-two-http-1.0", post(*[b"Content-Length: 5"] * 2, body=b"hello", version=b"HTTP/1.0")),
    Refused(
        "length-get-two", b"GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"
    ),
    *_lengths(
        b"5, 5",
        b"5,5",
        b"5,",
        b",5",
        b"5, 6",
        b"5;",
        b"5; 5",
        b"+5",
        b"-5",
        b"-0",
        b"+0",
        b"--5",
        b"0x5",
        b"0X5",
        b"x5",
        b"5x",
        b"0o5",
        b"0b1",
        b"1_0",
        b"_5",
        b"5_",
        b"5.0",
        b"5.",
        b".5",
        b"5e0",
        b"5 5",
        b"5\t5",
        b'"5"',
        b"'5'",
        b"five",
        b"NaN",
        b"Infinity",
        b"",
        b" ",
        b"\t",
        b"chunked",
        b"\x0b5",
        b"5\x0b",
        b"5\x0c",
        b"\x0c5",
        b"5\x00",
        b"\x855",
        b"5\x85",
        b"\xa05",
        b"5\xa0",
        b"\xb2",
        b"\xd9\xa5",
        b"\xef\xbc\x95",
        b"1" * 20,
        b"0" * 19 + b"5",
        b"18446744073709551616",
        b"18446744073709551621",
        b"340282366920938463463374607431768211461",
        b"9" * 5000,
    ),
    Refused("length-http-1.0-plus", post(b"Content-Length: +5", body=b"hello", version=b"HTTP/1.0")),
    # Both fields.
    _both("length-first", b"Content-Length: 15", b"Transfer-Encoding: chunked"),
    _both("coding-first", b"Transfer-Encoding: chunked", b"Content-Length: 15"),
    _both("length-zero", b"Content-Length: 0", b"Transfer-Encoding: chunked"),
    _both("apart", b"Content-Length: 15", b"X: y", b"Transfer-Encoding: chunked"),
    _both("any-case", b"content-length: 15", b"TRANSFER-ENCODING: CHUNKED"),
    _both("classic", b"Content-Length: 6", b"Transfer-Encoding: chunked"),
    Refused(
        "both-bad-coding",
        post(b"Content-Length: 5", b"Transfer-Encoding: identity", body=b"hello"),
        (400, 501),
    ),
    Refused("both-bad-length", post(b"Content-Length: x", b"Transfer-Encoding: chunked", body=CHUNKED_HELLO)),
    Refused("both-empty-coding", post(b"Content-Length: 5", b"Transfer-Encoding:", body=b"hello")),
    # Anything but exactly one `chunked`.
    # RFC 9112 6.1: 501 for a known coding that is not undone before chunked; 6.3: 400 where no end is told.
    *_codings(
        (501,),
        b"gzip, chunked",
        b"gzip,chunked",
        b"deflate\t,\tchunked",
        b"GZIP, CHUNKED",
        b"br, zstd, chunked",
    ),
    *_codings(
        (400,),
        b"identity, chunked",
        b"unheard-of, chunked",
        b"xchunked, chunked",
        b"gzip, xchunked, chunked",
        b"gzip",
        b"deflate",
        b"compress",
        b"x-gzip",
        b"identity",
        b"chunked, identity",
        b"chunked, gzip",
        b"chunked, gzip, chunked",
        b"gzip;q=1, chunked",
        b"gzip chunked",
        b"gzip, chunked,",
        b"gzip,, chunked",
        b"gzip, chunked;a",
        b"gzip, xchunked",
        b"br",
        b"unheard-of",
    ),
    *_codings((400,), b"xchunked", b"chunkedx", b"x-chunked", b"chunke", b"chunked123"),
    *_codings(
        (400,),
        b"chunked, chunked",
        b"chunked,chunked",
        b",chunked",
        b", chunked",
        b"chunked,",
        b"chunked ,",
        b",,chunked",
        b"",
        b" ",
        b",",
    ),
    *_codings(
        (400, 501),
        b"chunked;q=1",
        b"chunked;",
        b"chunked; foo=bar",
        b"chunked chunked",
        b'"chunked"',
        b"'chunked'",
        b"chun ked",
        b"chunked:",
        b"[chunked]",
        b"=chunked",
    ),
    *_codings(
        (400,),
        b"\x0bchunked",
        b"chunked\x0b",
        b"\x0cchunked",
        b"chunked\x0c",
        b"chunked\x00",
        b"\x00chunked",
        b"chunked\x1f",
        b"chunked\r",
    ),
    *_codings(
        (400, 501),
        b"\x85chunked",
        b"chunked\x85",
        b"\xa0chunked",
        b"chunked\xa0",
        b"\xffchunked",
        b"chun\xe2\x84\xaaed",
    ),
    Refused("coding-two-fields", post(*[b"Transfer-Encoding: chunked"] * 2, body=CHUNKED_HELLO), (400, 501)),
    Refused(
        "coding-two-fields-gzip",
        post(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked", body=CHUNKED_HELLO),
        (400, 501),
    ),
    Refused(
        "coding-two-fields-identity",
        post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=CHUNKED_HELLO),
        (400, 501),
    ),
    Refused(
        "coding-two-fields-empty",
        post(b"Transfer-Encoding: chunked", b"Transfer-Encoding:", body=CHUNKED_HELLO),
        (400, 501),
    ),
    Refused(
        "coding-two-fields-case",
        post(b"Transfer-Encoding: chunked", b"transfer-encoding: x", body=CHUNKED_HELLO),
        (400, 501),
    ),
    Refused("coding-http-1.0", post(b"Transfer-Encoding: chunked", body=CHUNKED_HELLO, version=b"HTTP/1.0")),
    Refused(
        "coding-http-1.0-keep-alive",
        post(
            b"Transfer-Encoding: chunked", b"Connection: keep-alive", body=CHUNKED_HELLO, version=b"HTTP/1.0"
        ),
    ),
    Refused(
        "coding-http-1.0-gzip",
        post(b"Transfer-Encoding: gzip, chunked", body=CHUNKED_HELLO, version=b"HTTP/1.0"),
    ),
    # The body's limit is known before a byte of it: 2 GiB by default.
    Refused("body-too-large", post(b"Content-Length: 2147483649"), (413,)),
    Refused("body-far-too-large", post(b"Content-Length: 9223372036854775807"), (413,)),
    Refused("body-19-digits", post(b"Content-Length: " + b"9" * 19), (400, 413)),
]

ACCEPTED = [
    Accepted("length-5", post(b"Content-Length: 5", body=b"hello")),
    Accepted("length-0", post(b"Content-Length: 0"), b""),
    Accepted("length-none", post(), b""),
    Accepted("length-leading-zeros", post(b"Content-Length: 0005", body=b"hello")),
    Accepted("length-white-space", post(b"Content-Length: \t 5 \t", body=b"hello")),
    Accepted("length-no-white-space", post(b"Content-Length:5", body=b"hello")),
    Accepted("length-any-case", post(b"cONTENT-lENGTH: 5", body=b"hello")),
    Accepted(
        "length-body-looks-like-request",
        post(b"Content-Length: 16", body=b"GET / HTTP/1.1\r\n"),
        b"GET / HTTP/1.1\r\n",
    ),
    Accepted(
        "length-body-of-every-octet", post(b"Content-Length: 256", body=bytes(range(256))), bytes(range(256))
    ),
    Accepted("length-on-get", b"GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
    Accepted(
        "length-http-1.0", post(b"Content-Length: 5", body=b"hello", version=b"HTTP/1.0"), persists=False
    ),
    Accepted("coding-chunked", post(b"Transfer-Encoding: chunked", body=CHUNKED_HELLO)),
    Accepted("coding-any-case", post(b"transfer-ENCODING: cHuNkEd", body=CHUNKED_HELLO)),
    Accepted("coding-white-space", post(b"Transfer-Encoding: \t chunked \t ", body=CHUNKED_HELLO)),
    Accepted("coding-no-white-space", post(b"Transfer-Encoding:chunked", body=CHUNKED_HELLO)),
]
