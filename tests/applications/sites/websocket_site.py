"""A FastAPI application of WebSockets, with Starlette's own kinds of routes beside its own."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect, WebSocketException
from starlette.endpoints import WebSocketEndpoint
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute

PAGE = """<!doctype html><title>WebSocket</title><p id="said">nothing yet</p><script>
const socket = new WebSocket(`ws://${location.host}/echo`);
const said = [];
const text = "grüße ".repeat(1000);
socket.onopen = () => { socket.send("hello"); socket.send(text); socket.send(new Uint8Array([1, 2, 3])); };
socket.onmessage = async (event) => {
  said.push(event.data instanceof Blob ? [...new Uint8Array(await event.data.arrayBuffer())].join("-") : event.data);
  if (said.length === 3) socket.close(3000, "enough");
};
socket.onclose = (event) => {
  const whole = said[1] === text ? "whole" : "torn";
  document.getElementById("said").textContent =
    `${said[0]} ${whole} ${said[2]} ${event.code} ${event.wasClean} ${socket.extensions.split(";")[0]}`;
};
</script>"""
room: set[WebSocket] = set()


async def page(request: Any) -> HTMLResponse:
    return HTMLResponse(PAGE)


class Shouting(WebSocketEndpoint):
    """Starlette's classes of handlers."""

    encoding = "json"

    async def on_connect(self, websocket: WebSocket) -> None:
        await websocket.accept(subprotocol="shout", headers=[(b"x-kind", b"endpoint")])

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        await websocket.send_json({name: value.upper() for name, value in data.items()})

    async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
        print(f"shouting ended with {close_code}", flush=True)


app = FastAPI(routes=[Route("/", page), WebSocketRoute("/shout", Shouting)])


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    """Lets the disconnect out, as many applications do."""
    await websocket.accept()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        if message.get("text") is not None:
            await websocket.send_text(message["text"])
        else:
            await websocket.send_bytes(message["bytes"])


@app.websocket("/room/{name}")
async def talk(websocket: WebSocket, name: str) -> None:
    await websocket.accept()
    room.add(websocket)
    try:
        async for text in websocket.iter_text():
            for other in list(room):
                await other.send_text(f"{name}: {text}")
    finally:
        room.discard(websocket)


@app.websocket("/ticks")
async def ticks(websocket: WebSocket) -> None:
    """A task beside the handler sends; it ends with the handler."""
    await websocket.accept()

    async def tick() -> None:
        number = 0
        while True:
            await websocket.send_text(str(number))
            number += 1
            await asyncio.sleep(0.01)

    task = asyncio.create_task(tick())
    try:
        await websocket.receive_text()
    finally:
        task.cancel()
    await websocket.close(code=4000)


async def token(websocket: WebSocket, token: str | None = None) -> str:
    if token is None:
        raise WebSocketException(code=1008, reason="no token")
    return token


@app.websocket("/guarded")
async def guarded(websocket: WebSocket, token: Annotated[str, Depends(token)]) -> None:
    await websocket.accept()
    await websocket.send_text(f"welcome {token}")
    await websocket.close()


@app.websocket("/denied")
async def denied(websocket: WebSocket) -> None:
    await websocket.send_denial_response(PlainTextResponse("not today", 451))
