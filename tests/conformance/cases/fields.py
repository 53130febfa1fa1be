"""Field lines, their names and values, line ends, limits and Expect (RFC 9112 2.2 and 5, RFC 9110 5 and 10.1.1)."""

from __future__ import annotations

from tests.conformance.cases import HOST, Accepted, Refused, get, label, post

NO_TOKEN = b'"(),/;<=>?@[\\]{} \t'
CONTROLS = bytes(octet for octet in range(32) if octet not in b"\t\r\n") + b"\x7f"
START = b"GET /hello HTTP/1.1\r\n" + HOST


def _field(*lines: bytes) -> list[Refused]:
    return [Refused(f"field-{label(line)}", get(line)) for line in lines]


REFUSED = [
    # Names.
    *_field(
        b"Name : value",
        b"Name\t: value",
        b"Name  : value",
        b"Content-Length : 5",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding\t: chunked",
        b"Transfer-Encoding\x0b: chunked",
        b"Transfer-Encoding\xa0: chunked",
        b": value",
        b":",
        b"::",
        b"no colon",
        b"nocolon",
        b"\xef\xbb\xbfName: value",
        b"N\xc3\xa4me: value",
    ),
    *(Refused(f"name-{octet:02x}", get(b"Na" + bytes([octet]) + b"me: value")) for octet in NO_TOKEN),
    *(Refused(f"name-{octet:02x}", get(b"Na" + bytes([octet]) + b"me: value")) for octet in CONTROLS),
    *(
        Refused(f"name-{octet:02x}", get(b"Na" + bytes([octet]) + b"me: value"))
        for octet in (0x80, 0x85, 0xA0, 0xFF)
    ),
    # Values.
    *(Refused(f"value-{octet:02x}", get(b"Name: va" + bytes([octet]) + b"lue")) for octet in CONTROLS),
    *(Refused(f"value-begins-{octet:02x}", get(b"Name: " + bytes([octet]) + b"value")) for octet in CONTROLS),
    *(Refused(f"value-ends-{octet:02x}", get(b"Name: value" + bytes([octet]))) for octet in CONTROLS),
    # Obsolete line folding.
    *_field(
        b"Name: value\r\n folded",
        b"Name: value\r\n\tfolded",
        b"Name: value\r\n ",
        b"Name:\r\n value",
        b"Name: a\r\n : b",
    ),
    Refused("fold-content-length", post(b"Content-Length:\r\n 5", body=b"hello")),
    Refused("fold-transfer-encoding", post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n")),
    Refused("fold-host", b"GET /hello HTTP/1.1\r\nHost:\r\n example.test\r\n\r\n"),
    Refused("first-line-begins-with-space", b"GET /hello HTTP/1.1\r\n Host: example.test\r\n\r\n"),
    Refused("first-line-begins-with-tab", b"GET /hello HTTP/1.1\r\n\tHost: example.test\r\n\r\n"),
    Refused("first-line-is-a-space", b"GET /hello HTTP/1.1\r\n \r\n" + HOST + b"\r\n"),
    Refused("first-line-space-before-fields", b"GET /hello HTTP/1.1\r\n X: y\r\n" + HOST + b"\r\n"),
    # Line ends.
    Refused("lf-after-request-line", b"GET /hello HTTP/1.1\n" + HOST + b"\r\n"),
    Refused("lf-everywhere", b"GET /hello HTTP/1.1\nHost: example.test\n\n"),
    Refused("lf-after-field", START + b"A: b\nC: d\r\n\r\n"),
    Refused("lf-after-last-field", START + b"A: b\n\r\n"),
    Refused("lf-as-last-line", START + b"A: b\r\n\n"),
    Refused("lf-in-value", START + b"A: b\nc\r\n\r\n"),
    Refused("lf-hides-field", START + b"A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Refused("lf-in-request-line", b"GET /hello\nX HTTP/1.1\r\n" + HOST + b"\r\n"),
    Refused("lf-before-request-line", b"\n" + get()),
    Refused("cr-before-request-line", b"\r" + get()),
    Refused("cr-cr-lf-before-request-line", b"\r\r\n" + get()),
    Refused("cr-after-request-line", b"GET /hello HTTP/1.1\r" + HOST + b"\r\n"),
    Refused("cr-cr-lf-after-request-line", b"GET /hello HTTP/1.1\r\r\n" + HOST + b"\r\n"),
    Refused("cr-in-request-line", b"GET /hel\rlo HTTP/1.1\r\n" + HOST + b"\r\n"),
    Refused("cr-in-method", b"G\rET /hello HTTP/1.1\r\n" + HOST + b"\r\n"),
    Refused("cr-in-name", START + b"A\rB: c\r\n\r\n"),
    Refused("cr-in-value", START + b"A: b\rc\r\n\r\n"),
    Refused("cr-hides-field", START + b"A: b\rTransfer-Encoding: chunked\r\n\r\n"),
    Refused("cr-cr-lf-after-field", START + b"A: b\r\r\n\r\n"),
    Refused("cr-before-value", START + b"A:\r b\r\n\r\n"),
    Refused("cr-as-last-line", START + b"A: b\r\n\rX"),
    Refused("cr-cr-lf-as-last-line", START + b"A: b\r\n\r\r\n"),
    Refused("lf-cr", START + b"A: b\n\r\n\r\n"),
    Refused("three-blank-lines-before", b"\r\n\r\n\r\n" + get()),
    Refused("many-blank-lines-before", b"\r\n" * 100 + get()),
    Refused("space-line-before", b" \r\n" + get()),
    # Limits by default: 64 KiB of head, 128 fields, 16 KiB a field.
    Refused("head-too-large", get(*(b"X-%d: " % number + b"a" * 8000 for number in range(9))), (431,)),
    Refused("too-many-fields", get(*(b"X-%d: a" % number for number in range(128))), (431,)),
    Refused("far-too-many-fields", get(*(b"X: a" for number in range(5000))), (431,)),
    Refused("field-too-large", get(b"X: " + b"a" * 16385), (431,)),
    Refused("name-too-large", get(b"X" * 16385 + b": a"), (431,)),
    Refused("white-space-too-large", get(b"X:" + b" " * 16385 + b"a"), (431,)),
    Refused("field-without-end", START + b"X: " + b"a" * 70000, (431,)),
    # Expect.
    *(
        Refused(
            f"expect-{label(value)}", post(b"Expect: " + value, b"Content-Length: 5", body=b"hello"), (417,)
        )
        for value in (
            b"200-ok",
            b"100-continue, x",
            b"x",
            b"100",
            b"100-continued",
            b"100 continue",
            b'"100-continue"',
        )
    ),
    Refused("expect-without-body", get(b"Expect: nothing"), (417,)),
]

ACCEPTED = [
    Accepted("tab-in-value", get(b"Name: a\tb")),
    Accepted("tab-before-value", get(b"Name:\tb")),
    Accepted("white-space-around-value", get(b"Name: \t  b \t ")),
    Accepted("no-white-space", get(b"Name:b")),
    Accepted("empty-value", get(b"Name:")),
    Accepted("blank-value", get(b"Name: \t ")),
    Accepted("colon-in-value", get(b"Name: a:b::")),
    Accepted("obs-text-value", get(b"Name: \x80\xe9\xff")),
    Accepted("utf-8-value", get("Name: 快".encode())),
    Accepted("every-token-character", get(b"!#$%&'*+-.^_`|~09AZaz: value")),
    Accepted("every-visible-character", get(b"Name: " + bytes(range(0x21, 0x7F)))),
    Accepted("underscore-name", get(b"Transfer_Encoding: chunked", b"Content_Length: 5")),
    Accepted("fields-128", get(*(b"X-%d: a" % number for number in range(127)))),
    Accepted("field-large", get(b"X: " + b"a" * 16000)),
    Accepted("head-large", get(*(b"X-%d: " % number + b"a" * 8000 for number in range(8)))),
    Accepted("repeated-fields", get(b"X: a", b"x: b", b"X: c")),
    Accepted(
        "expect-http-1.0",
        post(b"Expect: 100-continue", b"Content-Length: 2", body=b"hi", version=b"HTTP/1.0"),
        b"hi",
        False,
    ),
    Accepted("expect-any-case", post(b"Expect: 100-Continue", b"Content-Length: 2", body=b"hi"), b"hi"),
    Accepted("expect-without-body", get(b"Expect: 100-continue")),
    Accepted("upgrade-ignored", get(b"Upgrade: unheard-of", b"Connection: upgrade")),
    Accepted("te-field", get(b"TE: trailers, deflate;q=0.5", b"Connection: TE")),
]
