"""Chunked bodies: sizes, extensions, line ends, trailers (RFC 9112 7.1)."""

from __future__ import annotations

from tests.conformance.cases import Accepted, Refused, chunks, label

LAST = b"0\r\n\r\n"


def _size(*sizes: bytes) -> list[Refused]:
    return [
        Refused(f"size-{label(size)}", chunks(size + b"\r\nhello\r\n" + LAST), body=True) for size in sizes
    ]


def _broken(name: str, body: bytes, statuses: tuple[int, ...] = (400,)) -> Refused:
    return Refused(name, chunks(body), statuses, body=True)


def _trailer(*trailers: bytes) -> list[Refused]:
    return [
        _broken(f"trailer-{label(lines)}", b"5\r\nhello\r\n0\r\n" + lines + b"\r\n\r\n") for lines in trailers
    ]


REFUSED = [
    *_size(
        b"",
        b" ",
        b"0x5",
        b"0X5",
        b"x5",
        b"5x",
        b"+5",
        b"-5",
        b"-0",
        b"5 ",
        b" 5",
        b"5\t",
        b"\t5",
        b"5_",
        b"_5",
        b"0_5",
        b"5,",
        b"5 5",
        b"5h",
        b"g",
        b"\x0b5",
        b"5\x0b",
        b"5\x0c",
        b"5\x00",
        b"\x005",
        b"\x855",
        b"\xa05",
        b"5\xa0",
        b"\xb5",
        b"\xef\xbc\x95",
        b"5.",
        b"5:",
        b'"5"',
        b"five",
        b"0" * 16 + b"5",
        b"0" * 100 + b"5",
        b"1" + b"0" * 15 + b"5",
        b"f" * 17,
        b"f" * 100,
        b"5\r",
        b"5\n",
        b"5\r\r",
        b"\r5",
        b"=a",
        b";a=b",
    ),
    _broken("size-16-digits-too-large", b"f" * 16 + b"\r\nhello\r\n" + LAST, (400, 413)),
    _broken("size-signed-overflow", b"8000000000000000\r\nhello\r\n" + LAST, (400, 413)),
    _broken("size-too-large", b"80000001\r\nhello\r\n" + LAST, (413,)),
    _broken("size-lf", b"5\nhello\r\n" + LAST),
    _broken("size-cr", b"5\rhello\r\n" + LAST),
    _broken("size-lf-cr", b"5\n\rhello\r\n" + LAST),
    _broken("size-second-is-bad", b"5\r\nhello\r\nx\r\n" + LAST),
    _broken("size-second-is-empty", b"5\r\nhello\r\n\r\n" + LAST),
    _broken("last-size-lf", b"5\r\nhello\r\n0\n\r\n"),
    _broken("last-lf", b"5\r\nhello\r\n0\r\n\n"),
    _broken("last-lf-lf", b"5\r\nhello\r\n0\n\n"),
    _broken("last-cr", b"5\r\nhello\r\n0\r\n\rX"),
    _broken("last-negative", b"5\r\nhello\r\n-0\r\n\r\n"),
    _broken("last-then-junk", b"5\r\nhello\r\n0\r\nX\r\n\r\n"),
    # The two octets behind the data.
    _broken("data-then-lf", b"5\r\nhello\n" + LAST),
    _broken("data-then-cr", b"5\r\nhello\r" + LAST),
    _broken("data-then-cr-x", b"5\r\nhello\rX" + LAST),
    _broken("data-then-x-lf", b"5\r\nhelloX\n" + LAST),
    _broken("data-then-xx", b"5\r\nhelloXX" + LAST),
    _broken("data-then-nothing", b"5\r\nhello" + LAST),
    _broken("data-then-lf-cr", b"5\r\nhello\n\r" + LAST),
    _broken("data-then-nul-nul", b"5\r\nhello\x00\x00" + LAST),
    _broken("data-too-long", b"4\r\nhello\r\n" + LAST),
    _broken("data-too-short", b"6\r\nhello\r\n" + LAST),
    _broken("data-far-too-long", b"1\r\nhello\r\n" + LAST),
    # Extensions.
    *(
        _broken(f"extension-{octet:02x}", b"5;a=b" + bytes([octet]) + b"c\r\nhello\r\n" + LAST)
        for octet in [*range(9), *range(10, 32), 127]
    ),
    *_size(b"5;\n", b"5;a\n", b"5;a=\r", b'5;a="\n"', b"5;\x00"),
    *_size(
        b"5;",
        b"5; ",
        b"5;;",
        b"5;;a",
        b"5;a;",
        b"5;a ",
        b"5;a b",
        b"5;a=",
        b"5;a= ",
        b"5;a=b ",
        b"5;a=b c",
        b"5;a=b=c",
        b"5;a=;b=c",
        b"5;=b",
        b'5;"a"',
        b'5;"a"=b',
        b"5;a,b",
        b"5 a;b",
        # RFC 9112 7.1.1 has bad white space here; parsers in use refuse it, so who reads on reads another message.
        b"5 ;a",
        b"5\t;a=b",
        b"5 \t",
        b"5\x0b;a",
        b"5;\xe9",
        b"5;a=\xe9",
        b'5;a="',
        b'5;a="b',
        b'5;a="b\\"',
        b'5;a="b\\',
        b'5;a="b"c',
        b'5;a="b""c"',
        b"5;a='b c'",
    ),
    _broken("extension-quoted-hides-chunk", b'5;a="\r\nhello\r\n0\r\n\r\n"\r\nhello\r\n' + LAST),
    _broken("extension-last-quoted-open", b'5\r\nhello\r\n0;a="\r\n\r\n'),
    _broken("extension-lf-hides-chunk", b"5;a\nhello\r\n0\r\n\r\nhello\r\n" + LAST),
    _broken("extension-last-lf", b"5\r\nhello\r\n0;a\n\r\n"),
    _broken("extension-last-nul", b"5\r\nhello\r\n0;a\x00\r\n\r\n"),
    _broken("extension-too-long", b"5;a=" + b"b" * 4200 + b"\r\nhello\r\n" + LAST),
    _broken("extension-white-space-without-end", b"5" + b" " * 70000),
    _broken("extension-without-end", b"5;a=" + b"b" * 70000),
    _broken("extensions-too-long-together", (b"1;a=" + b"b" * 100 + b"\r\nx\r\n") * 60 + LAST),
    # Trailers.
    *_trailer(
        b"Name : value",
        b"Na me: value",
        b": value",
        b"nocolon",
        b"Name: value\r\n folded",
        b" Name: value",
        b"\tName: value",
        b"Name: va\x00lue",
        b"Name: va\x0blue",
        b"Name: va\x7flue",
        b"Name: va\rlue",
        b"Name: va\nlue",
        b"Name: value\nOther: x",
        b"N\xffame: value",
        b"Content-Length: 5",
        b"content-length: 0",
        b"Transfer-Encoding: chunked",
        b"X: y\r\nTransfer-Encoding: chunked",
    ),
    _broken("trailer-lf-last", b"5\r\nhello\r\n0\r\nName: value\n\r\n"),
    _broken("trailer-lf-end", b"5\r\nhello\r\n0\r\nName: value\r\n\n"),
    _broken(
        "trailers-too-many", b"0\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(129)) + b"\r\n", (400, 431)
    ),
    _broken("trailer-too-large", b"0\r\nX: " + b"a" * 16400 + b"\r\n\r\n", (400, 431)),
    _broken(
        "trailers-too-large",
        b"0\r\n" + b"".join(b"X-%d: " % n + b"a" * 8000 + b"\r\n" for n in range(9)) + b"\r\n",
        (400, 431),
    ),
    _broken("trailer-without-end", b"0\r\nX: " + b"a" * 70000, (400, 431)),
]

ACCEPTED = [
    Accepted("empty", chunks(LAST), b""),
    Accepted("one", chunks(b"5\r\nhello\r\n" + LAST)),
    Accepted("several", chunks(b"1\r\nh\r\n3\r\nell\r\n1\r\no\r\n" + LAST)),
    Accepted("of-one-octet", chunks(b"".join(b"1\r\n%c\r\n" % octet for octet in b"hello") + LAST)),
    Accepted("size-leading-zeros", chunks(b"0005\r\nhello\r\n" + LAST)),
    Accepted("size-16-digits", chunks(b"0" * 15 + b"5\r\nhello\r\n" + LAST)),
    Accepted("size-lower-case", chunks(b"1a\r\n" + b"x" * 26 + b"\r\n" + LAST), b"x" * 26),
    Accepted("size-upper-case", chunks(b"1A\r\n" + b"x" * 26 + b"\r\n" + LAST), b"x" * 26),
    Accepted("size-mixed-case", chunks(b"aB\r\n" + b"x" * 171 + b"\r\n" + LAST), b"x" * 171),
    Accepted("last-many-zeros", chunks(b"5\r\nhello\r\n0000\r\n\r\n")),
    Accepted("data-of-line-ends", chunks(b"6\r\n\r\n\r\n\r\n\r\n" + LAST), b"\r\n\r\n\r\n"),
    Accepted("data-like-chunks", chunks(b"a\r\n0\r\n\r\n0\r\n\r\n\r\n" + LAST), b"0\r\n\r\n0\r\n\r\n"),
    Accepted(
        "data-of-every-octet", chunks(b"100\r\n" + bytes(range(256)) + b"\r\n" + LAST), bytes(range(256))
    ),
    Accepted("extension-name", chunks(b"5;a\r\nhello\r\n" + LAST)),
    Accepted("extension-value", chunks(b"5;a=b;c=d\r\nhello\r\n" + LAST)),
    Accepted("extension-quoted", chunks(b'5;a="b;c =d\\""\r\nhello\r\n' + LAST)),
    Accepted("extension-quoted-empty", chunks(b'5;a=""\r\nhello\r\n' + LAST)),
    Accepted("extension-quoted-obs-text", chunks(b'5;a="\xe9\t"\r\nhello\r\n' + LAST)),
    Accepted("extension-quoted-pair", chunks(b'5;a="\\\\";b="\\\xe9"\r\nhello\r\n' + LAST)),
    Accepted("extension-bad-white-space", chunks(b"5; a\t= b ;c\r\nhello\r\n" + LAST)),
    Accepted("extension-last", chunks(b"5\r\nhello\r\n0;a=b\r\n\r\n")),
    Accepted("extension-of-1-KiB", chunks(b"5;a=" + b"b" * 1024 + b"\r\nhello\r\n" + LAST)),
    Accepted("trailer", chunks(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n")),
    Accepted("trailers", chunks(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Other:\t\xe9 \r\nX-Empty:\r\n\r\n")),
]
