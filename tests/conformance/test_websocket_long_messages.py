"""A long message is compressed and inflated in steps: others are served meanwhile, and what follows it stays behind."""

from __future__ import annotations

import random
import select
import zlib
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.routes import AsgiRoutes
from tests.support.servers import Running
from tests.support.websocket_wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    DEFLATE,
    PING,
    PONG,
    TEXT,
    Talk,
    close,
    frame,
    talk,
)
from tests.support.wire import request

RSV1 = 0x40
TAIL = b"\x00\x00\xff\xff"
SAID = random.Random(7).randbytes(2_000_000).hex()  # 4 MB of text that zlib has to work for
TRIES = 10  # a moment's scheduling may give the message its start

app = AsgiRoutes()


@app.at("/says")
async def says(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """To each message: the long text, a short word, and after "end" a close."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": SAID})
        await send({"type": "websocket.send", "text": "short"})
        if message["text"] == "end":
            await send({"type": "websocket.close", "code": 3000})


@app.at("/counts")
async def counts(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """To each message: how long it was."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        size = len(message["bytes"] if message["text"] is None else message["text"])
        await send({"type": "websocket.send", "text": str(size)})


@app.at("/quick")
async def quick(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"quick"})


@pytest.fixture
def site(serve: Serve) -> Running:
    return serve(app)


def deflated(data: bytes) -> bytes:
    stream = zlib.compressobj(1, wbits=-15)
    done: bytes = stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
    return done.removesuffix(TAIL)


def said(line: Talk, back: Any) -> bytes:
    """The next frame's payload, which is compressed where it says so."""
    got = line.frame()
    assert got.first & 0x80
    return back.decompress(got.payload + TAIL) if got.first & RSV1 else got.payload


def nothing_has_come(line: Talk) -> bool:
    return not line.wire.buffer and not select.select([line.wire.socket], [], [], 0)[0]


def overtaken(site: Running, line: Talk, asked: bytes) -> bool:
    """Whether a request that is sent behind `asked` is answered before there is a byte of what was asked for."""
    with site.connect() as wire:
        assert wire.ask(request("/quick")).body == b"quick"  # the connection is made
        line.wire.send(asked)
        assert wire.ask(request("/quick")).body == b"quick"
        return nothing_has_come(line)


def test_a_request_is_answered_while_a_long_message_is_compressed(site: Running) -> None:
    line = talk(site, "/says", DEFLATE)
    back = zlib.decompressobj(-15)
    for _try in range(TRIES):
        first = overtaken(site, line, frame(TEXT, b"go"))
        assert said(line, back) == SAID.encode()
        assert said(line, back) == b"short"
        if first:
            return
    pytest.fail("the request waited for the whole message")


def test_a_request_is_answered_while_a_long_message_is_inflated(site: Running) -> None:
    line = talk(site, "/counts", DEFLATE)
    whole = frame(BINARY, deflated(bytes(16_777_216)), rsv=RSV1)
    for _try in range(TRIES):
        line.wire.send(whole[:-1])
        first = overtaken(site, line, whole[-1:])
        assert line.message() == "16777216"
        if first:
            return
    pytest.fail("the request waited for the whole message")


def test_what_is_said_after_it_comes_after_it_and_the_close_last(site: Running) -> None:
    line = talk(site, "/says", DEFLATE)
    back = zlib.decompressobj(-15)
    line.wire.send(frame(TEXT, b"one") + frame(PING, b"?") + frame(TEXT, b"end"))
    came = []
    while not came or came[-1][0] != CLOSE:
        got = line.frame()
        payload = back.decompress(got.payload + TAIL) if got.first & RSV1 else got.payload
        came.append((got.opcode, len(payload)))
    assert [size for opcode, size in came if opcode == TEXT] == [len(SAID), 5, len(SAID), 5]
    assert came.count((PONG, 1)) == 1
    line.wire.send(close(3000))
    line.ended()


def test_a_client_that_closes_has_its_answer_first(site: Running, engine: str) -> None:
    if engine in ("thread", "pool"):
        pytest.skip("the application runs beside the engine, and hears of the close before it answers")
    line = talk(site, "/says", DEFLATE)
    back = zlib.decompressobj(-15)
    line.wire.send(frame(TEXT, b"go") + close(1000))
    assert said(line, back) == SAID.encode()
    assert line.close_frame().code == 1000
    line.ended()


def test_messages_behind_a_long_one_are_read_after_it(site: Running) -> None:
    """In pieces, with a control frame between them and bytes of the next frame behind."""
    line = talk(site, "/counts", DEFLATE)
    long = deflated(SAID.encode())
    middle = len(long) // 2
    line.wire.send(
        frame(TEXT, long[:middle], rsv=RSV1, fin=False)
        + frame(PING, b"?")
        + frame(CONTINUATION, long[middle:])
        + frame(TEXT, b"four")
    )
    assert line.frame().opcode == PONG
    assert line.message() == str(len(SAID))
    assert line.message() == "4"


def test_a_client_that_vanishes_leaves_nothing_behind(site: Running) -> None:
    line = talk(site, "/says", DEFLATE)
    line.wire.send(frame(TEXT, b"go"))
    line.wire.reset()
    with site.connect() as wire:
        assert wire.ask(request("/quick")).body == b"quick"
    assert "error" not in site.log()
