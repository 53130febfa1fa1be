"""The opening handshake (RFC 6455 section 4.2): whether a request asks for a WebSocket, and what is answered."""

from __future__ import annotations

import binascii
from hashlib import sha1

from gearshift.http.grammar import TOKEN
from gearshift.http.response import ResponseError
from gearshift.websocket.offers import MalformedOffer, extensions_in, subprotocols_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gearshift.http.request import Request

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
VERSION = b"13"
FORBIDDEN = frozenset(range(32)) - {9} | {127}  # in the value of a field
OURS = frozenset(  # fields of the answer that say what the server has agreed to
    (
        b"connection",
        b"upgrade",
        b"sec-websocket-accept",
        b"sec-websocket-extensions",
        b"content-length",
        b"transfer-encoding",
    )
)


class HandshakeRefused(Exception):
    """A request for a WebSocket that can't be had: the status to answer, the words, fields beside them."""

    def __init__(self, status: int, words: str, fields: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.fields = fields


def asks_for_websocket(request: Request) -> bool:
    """Whether it is for this protocol that the request offers to leave HTTP/1.1 (RFC 9110 section 7.8)."""
    return b"websocket" in options(request.header(b"upgrade")) and b"upgrade" in options(
        request.header(b"connection")
    )


def options(value: bytes | None) -> list[bytes]:
    """The members of a list, in lower case."""
    return [part.strip().lower() for part in (value or b"").split(b",")]


def check(request: Request) -> None:
    """Raises HandshakeRefused for what section 4.2.1 doesn't allow."""
    if request.method != b"GET":
        raise HandshakeRefused(400, "a WebSocket is asked for with GET")
    if request.chunked or request.content_length > 0:
        raise HandshakeRefused(400, "a request for a WebSocket has no body")
    if request.header(b"sec-websocket-version") != VERSION:
        raise HandshakeRefused(
            426,
            "the version of WebSocket must be 13",
            ((b"Sec-WebSocket-Version", VERSION), (b"Upgrade", b"websocket")),
        )
    key = request.header(b"sec-websocket-key") or b""
    try:
        decoded = binascii.a2b_base64(key, strict_mode=True)
    except binascii.Error:
        decoded = b""
    if len(decoded) != 16:
        raise HandshakeRefused(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    try:
        subprotocols(request)
        extensions_in(request.header(b"sec-websocket-extensions") or b"")
    except MalformedOffer as error:
        raise HandshakeRefused(400, str(error)) from None


def accept_key(key: bytes) -> bytes:
    """Sec-WebSocket-Accept (section 4.2.2)."""
    return binascii.b2a_base64(sha1(key + GUID, usedforsecurity=False).digest(), newline=False)


def subprotocols(request: Request) -> list[str]:
    """What the client offers, in its order. Raises MalformedOffer."""
    return subprotocols_in(request.header(b"sec-websocket-protocol") or b"")


def answer_lines(
    request: Request, subprotocol: str | None, extension: bytes, headers: Iterable[tuple[bytes, bytes]]
) -> bytes:
    """What stands in the 101 answer beside its status: what was agreed on, and the application's own fields.

    Raises ResponseError for a field that would break its line. What the server alone can know is left out of `headers`.
    """
    fields = [
        (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Accept", accept_key(request.header(b"sec-websocket-key") or b"")),
    ]
    if subprotocol is not None:
        fields.append((b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1")))
    if extension:
        fields.append((b"Sec-WebSocket-Extensions", extension))
    for name, value in headers:
        if type(name) is not bytes or type(value) is not bytes:
            raise ResponseError(f"the header {name!r}: {value!r} must be a pair of bytes")
        if name.lower() not in OURS:
            fields.append((name, value))
    for name, value in fields:
        if not name or not TOKEN.issuperset(name) or FORBIDDEN.intersection(value):
            raise ResponseError(f"the header {name!r}: {value!r} is malformed")
    return b"".join(name + b": " + value + b"\r\n" for name, value in fields)
