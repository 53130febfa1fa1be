"""A WebSocket over a stream (RFC 8441), on every engine."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.http2 import CONNECT_PROTOCOL, Fields, Http2Client
from tests.support.waiting import eventually

pytest.importorskip("gearshift.websocket")
MASK = b"abcd"
TEXT, CLOSE = 1, 8


def frame(opcode: int, data: bytes) -> bytes:
    """From a client: masked, and short."""
    masked = bytes(byte ^ MASK[place % 4] for place, byte in enumerate(data))
    return bytes([0x80 | opcode, 0x80 | len(data)]) + MASK + masked


def request(client: Http2Client, path: str = "/") -> Fields:
    head = client.head(method="CONNECT", path=path)
    return [
        *head,
        (":protocol", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat"),
    ]


def test_a_websocket_beside_other_streams(serve: Serve) -> None:
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": message["type"] + ".complete"})
            return await send({"type": "lifespan.shutdown.complete"})
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return await send({"type": "http.response.body", "body": b"hello"})
        told.append((scope["http_version"], scope["scheme"], scope["subprotocols"]))
        await receive()
        if scope["path"] == "/denied":
            return await send({"type": "websocket.close"})
        await send({"type": "websocket.accept", "subprotocol": "chat"})
        while (message := await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": 2 * message["text"]})
        told.append(message["code"])
        return None

    site = serve(app)
    with Http2Client(site.address) as client:
        assert client.settings[CONNECT_PROTOCOL] == 1
        client.headers(1, request(client), ended=False)
        client.until(lambda: client.stream(1).heads)
        fields = dict(client.stream(1).heads[0])
        assert fields[b":status"] == b"200"
        assert fields[b"sec-websocket-protocol"] == b"chat"
        assert not {b"upgrade", b"connection", b"sec-websocket-accept"} & set(fields)
        client.data(1, frame(TEXT, b"one"), ended=False)
        client.headers(3)
        assert client.answer(3).body == b"hello"
        client.data(1, frame(TEXT, b"two"), ended=False)
        client.until(lambda: len(client.stream(1).body) == 16)
        assert client.stream(1).body == b"\x81\x06oneone\x81\x06twotwo"
        client.data(1, frame(CLOSE, struct.pack(">H", 1000)), ended=False)
        client.until(lambda: client.stream(1).over)
        assert client.stream(1).ended
        client.headers(5, request(client, "/denied"), ended=False)
        assert client.answer(5).status == b"403"
        client.headers(7, request(client), ended=False)
        client.until(lambda: client.stream(7).heads)
        client.reset(7)
        eventually(lambda: told[-1] == 1006, "the reset is heard of")
    assert told[:2] == [("2", "ws", ["chat"]), 1000]
