"""A stream's header list as the head of an HTTP/1.1 request (RFC 9113 section 8).

What RFC 9113 calls malformed is refused here, and whatever could mean something else once it is written in lines. The
rest (the target's grammar, Host, limits) is judged by the one parser that all requests meet.
"""

from __future__ import annotations

import re
from base64 import b64encode
from os import urandom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Fields = Iterable[tuple[bytes, bytes]]

NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+").fullmatch  # RFC 9113 section 8.2: a token in lower case
METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
VALUE = re.compile(rb"(?:[^\x00-\x20\x7f](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)?").fullmatch
TARGET = re.compile(rb"[^\x00-\x20\x7f]+").fullmatch
DIGITS = re.compile(rb"[0-9]{1,19}").fullmatch
PSEUDO = frozenset((b":method", b":scheme", b":authority", b":path", b":protocol"))
# RFC 9113 section 8.2.2: they speak of a connection that is no more.
OF_THE_CONNECTION = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade")
)


class MalformedRequest(Exception):
    """RFC 9113 section 8.1.1: the stream is reset with PROTOCOL_ERROR; the text says why."""


class RequestHead:
    """text: what the inner connection is sent. chunked: how its body goes on. tunnel: bytes follow, both ways, once the
    answer is 101 (RFC 8441). method: as sent. length: of the body in bytes, None where it is not announced.
    """

    __slots__ = ("chunked", "length", "method", "text", "tunnel")

    def __init__(
        self, text: bytes, method: bytes, chunked: bool, tunnel: bool, length: int | None = None
    ) -> None:
        self.text = text
        self.method = method
        self.chunked = chunked
        self.tunnel = tunnel
        self.length = length


def request_head(fields: Fields, ended: bool) -> RequestHead:
    """ended: nothing follows the head. Raises MalformedRequest."""
    pseudo, regular = _parted(fields)
    method = pseudo.get(b":method", b"")
    if not METHOD(method):
        raise MalformedRequest("no valid :method")
    lines: list[bytes] = []
    cookies: list[bytes] = []
    length = host = None
    for name, value in regular:
        if name == b"cookie":
            cookies.append(value)
        elif name == b"host":
            if host is not None and host != value:
                raise MalformedRequest("two host fields that differ")
            host = value
        elif name == b"content-length":
            if not DIGITS(value) or (length is not None and length != value):
                raise MalformedRequest("content-length")
            length = value
        else:
            lines.append(b"%b: %b\r\n" % (name, value))
    if ended and length is not None and int(length) != 0:
        raise MalformedRequest("a content-length and no content")
    target, tunnel = _target(pseudo, method)
    authority = pseudo.get(b":authority", host)
    if host is not None and authority != host:
        raise MalformedRequest(":authority and host differ")
    if authority is not None:
        lines.insert(0, b"Host: %b\r\n" % authority)
    if cookies:  # RFC 9113 section 8.2.3: the crumbs of one field
        lines.append(b"Cookie: %b\r\n" % b"; ".join(cookies))
    chunked = False
    if tunnel:
        method, lines = b"GET", [*lines, *_upgrade(lines)]
    elif length is not None:
        lines.append(b"Content-Length: %b\r\n" % length)
    elif not ended:
        chunked = True
        lines.append(b"Transfer-Encoding: chunked\r\n")
    text = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, b"".join(lines))
    return RequestHead(text, method, chunked, tunnel, None if length is None or tunnel else int(length))


def trailer_lines(fields: Fields) -> bytes:
    """A trailer section's lines. Raises MalformedRequest."""
    return b"".join([b"%b: %b\r\n" % (name, value) for name, value in _regular(fields)])


def _parted(fields: Fields) -> tuple[dict[bytes, bytes], list[tuple[bytes, bytes]]]:
    """Pseudo-header fields, which come first and once, and the others."""
    pseudo: dict[bytes, bytes] = {}
    rest = list(fields)
    count = 0
    for name, value in rest:
        if name[:1] != b":":
            break
        if name not in PSEUDO or name in pseudo or not VALUE(value):
            raise MalformedRequest("a pseudo-header field that is unknown, comes twice or is no text")
        pseudo[name] = value
        count += 1
    return pseudo, _regular(rest[count:])


def _regular(fields: Fields) -> list[tuple[bytes, bytes]]:
    kept = []
    for name, value in fields:
        if not NAME(name):
            raise MalformedRequest("a field name")
        if not VALUE(value):
            raise MalformedRequest("a field value")
        if name in OF_THE_CONNECTION or (name == b"te" and value.lower() != b"trailers"):
            raise MalformedRequest("a field of the connection")
        kept.append((name, value))
    return kept


def _target(pseudo: dict[bytes, bytes], method: bytes) -> tuple[bytes, bool]:
    """The request target, and whether it is that of a tunnel through extended CONNECT."""
    protocol = pseudo.get(b":protocol")
    if protocol is not None and method != b"CONNECT":
        raise MalformedRequest(":protocol without CONNECT")
    if method == b"CONNECT" and protocol is None:  # RFC 9113 section 8.5
        if b":scheme" in pseudo or b":path" in pseudo or not TARGET(pseudo.get(b":authority", b"")):
            raise MalformedRequest("CONNECT takes :authority alone")
        return pseudo[b":authority"], False
    path = pseudo.get(b":path", b"")
    if not pseudo.get(b":scheme") or not TARGET(path):
        raise MalformedRequest("no :scheme or :path")
    if path[:1] != b"/" and not (path == b"*" and method == b"OPTIONS"):
        raise MalformedRequest("a :path that is none")
    if protocol is not None and protocol != b"websocket":
        raise MalformedRequest("a :protocol that is not known")
    return path, protocol is not None


def _upgrade(lines: list[bytes]) -> list[bytes]:
    """RFC 8441 section 5: what the handshake has in HTTP/1.1 and not here."""
    asked = any(line.startswith(b"sec-websocket-version:") for line in lines)
    key = b64encode(urandom(16))
    return [
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
        b"Sec-WebSocket-Key: %b\r\n" % key,
        *([] if asked else [b"Sec-WebSocket-Version: 13\r\n"]),
    ]
