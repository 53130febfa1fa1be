"""The application that the WebSocket suites talk to; what it has seen stands in `seen`, by its path."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from tests.support.routes import AsgiRoutes

app = AsgiRoutes()
seen: dict[str, list[Any]] = defaultdict(list)
gates: dict[str, asyncio.Event] = {}


async def accepted(receive: Any, send: Any, **more: Any) -> None:
    assert await receive() == {"type": "websocket.connect"}
    await send({"type": "websocket.accept", **more})


async def echo_until_closed(receive: Any, send: Any) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = await receive()
        if message["type"] == "websocket.disconnect":
            return message
        await send({**message, "type": "websocket.send"})


@app.at("/echo")
async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await accepted(receive, send)
    seen[scope["path"]].append(await echo_until_closed(receive, send))


@app.at("/scope")
async def tell_scope(scope: dict[str, Any], receive: Any, send: Any) -> None:
    seen["/scope"].append(scope)
    await accepted(receive, send, subprotocol="chat", headers=[(b"x-room", b"7"), (b"connection", b"close")])
    await receive()


@app.at("/another-subprotocol")
async def choose_another(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await accepted(receive, send, subprotocol="mine")


@app.at("/flood")
async def flood(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Sends more than any socket holds."""
    await accepted(receive, send)
    for _number in range(512):
        await send({"type": "websocket.send", "bytes": bytes(65536)})
        seen[scope["path"]].append(1)
    await send({"type": "websocket.close"})


@app.at("/gate")
async def gate(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Takes nothing before it is let, and then counts what it gets."""
    await accepted(receive, send)
    opened = gates[scope["path"]] = asyncio.Event()
    seen[scope["path"]].append((asyncio.get_running_loop(), opened))
    await opened.wait()
    total = 0
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message["text"] == "end":
            await send({"type": "websocket.send", "text": str(total)})
        else:
            total += len(message["bytes"])


@app.at("/closes")
async def closes(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await accepted(receive, send)
    await send({"type": "websocket.send", "text": "last"})
    await send({"type": "websocket.close", "code": 3001, "reason": "enough"})
    seen[scope["path"]].append(await receive())


@app.at("/returns")
async def returns(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await accepted(receive, send)


@app.at("/raises-before")
async def raises_before(scope: dict[str, Any], receive: Any, send: Any) -> None:
    raise ZeroDivisionError("before it was accepted")


@app.at("/raises-after")
async def raises_after(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await accepted(receive, send)
    await receive()
    raise ZeroDivisionError("after it was accepted")


@app.at("/silent")
async def silent(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()


@app.at("/denies")
async def denies(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close"})


@app.at("/answers")
async def answers(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    head = {
        "type": "websocket.http.response.start",
        "status": 401,
        "headers": [(b"www-authenticate", b"Basic")],
    }
    await send(head)
    await send({"type": "websocket.http.response.body", "body": b"who ", "more_body": True})
    await asyncio.sleep(0)
    await send({"type": "websocket.http.response.body", "body": b"are you"})


@app.at("/after-the-end")
async def after_the_end(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await accepted(receive, send)
    await echo_until_closed(receive, send)
    try:
        await send({"type": "websocket.send", "text": "late"})
    except OSError as error:
        seen[scope["path"]].append(error)


@app.at("/impatient")
async def impatient(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Cancels its receive() over and over; not a message may be lost."""
    await accepted(receive, send)
    while True:
        try:
            message = await asyncio.wait_for(receive(), 0.001)
        except TimeoutError:
            continue
        if message["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": message["text"]})


@app.at("/both-ways")
async def both_ways(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """One task receives and another sends."""
    await accepted(receive, send)
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def tell() -> None:
        while True:
            await send({"type": "websocket.send", "text": await queue.get()})

    teller = asyncio.create_task(tell())
    try:
        while (message := await receive())["type"] == "websocket.receive":
            await queue.put(message["text"])
    finally:
        teller.cancel()


@app.at("/misuses")
async def misuses(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """What may not be said, before and after the request is accepted."""
    wrong: list[dict[str, Any]] = [
        {"type": "websocket.send", "text": "too early"},
        {"type": "websocket.accept", "headers": [(b"x-evil", b"a\r\nx-injected: 1")]},
        {"type": "websocket.http.response.body", "body": b"headless"},
        {"type": "http.response.start", "status": 200},
    ]
    for message in wrong:
        seen["/misuses"].append(await refused(send, message))
    await accepted(receive, send)
    wrong = [
        {"type": "websocket.accept"},
        {"type": "websocket.send"},
        {"type": "websocket.send", "text": "\ud800"},
        {"type": "websocket.close", "code": 1006},
        {"type": "websocket.close", "reason": "x" * 124},
        {"type": "websocket.http.response.start", "status": 200},
    ]
    for message in wrong:
        seen["/misuses"].append(await refused(send, message))
    await send({"type": "websocket.send", "bytes": memoryview(b"still here")})


async def refused(send: Any, message: dict[str, Any]) -> str:
    try:
        await send(message)
    except Exception as error:
        return type(error).__name__
    return f"taken: {message}"


@app.at("/plain")
async def plain(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["type"].encode()})
