"""What the HTTP/1.1 core refuses and what it accepts, as data: each row of the strictness table many times over."""

from __future__ import annotations

import zlib
from typing import NamedTuple

HOST = b"Host: example.test\r\n"
BEHIND = b"GET /hello/behind HTTP/1.1\r\nHost: example.test\r\n\r\n"


class Refused(NamedTuple):
    """Bytes that must be answered once with one of `statuses`, then closed.

    `body` marks a fault behind a valid head: the application may have been called, but must not have got a whole body.
    """

    name: str
    data: bytes
    statuses: tuple[int, ...] = (400,)
    body: bool = False


class Accepted(NamedTuple):
    """Bytes that must be answered with 200 and this body; the connection stays open if `persists`."""

    name: str
    data: bytes
    answer: bytes = b"hello"
    persists: bool = True
    method: bytes = b"GET"


def get(*lines: bytes, target: bytes = b"/hello") -> bytes:
    """A GET with a valid Host and these further header lines (without CRLF)."""
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(*lines: bytes, body: bytes = b"", version: bytes = b"HTTP/1.1") -> bytes:
    """A POST to the echo with a valid Host and these header lines, its body as given."""
    return (
        b"POST /echo "
        + version
        + b"\r\n"
        + HOST
        + b"".join(line + b"\r\n" for line in lines)
        + b"\r\n"
        + body
    )


def chunks(body: bytes) -> bytes:
    """A chunked POST to the echo with this body on the wire."""
    return post(b"Transfer-Encoding: chunked", body=body)


def label(data: bytes) -> str:
    """A readable piece of a test's name."""
    text = repr(data)[2:-1].replace("\\", "%").replace("[", "%5b").replace("]", "%5d")
    return text if len(text) <= 40 else f"{text[:36]}-{zlib.crc32(data):08x}"
