"""Applications made of functions, one a path, for suites that look at an interface from inside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

WsgiFunction = Callable[[dict[str, Any], Any], Iterable[bytes]]
AsgiFunction = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class WsgiRoutes:
    """A WSGI application that calls the function registered for the first part of the path."""

    def __init__(self) -> None:
        self._functions: dict[str, WsgiFunction] = {}

    def at(self, path: str) -> Callable[[WsgiFunction], WsgiFunction]:
        """Register the decorated function."""

        def register(function: WsgiFunction) -> WsgiFunction:
            self._functions[path] = function
            return function

        return register

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self._functions["/" + environ["PATH_INFO"].split("/")[1]](environ, start_response)


class AsgiRoutes:
    """An ASGI application that calls the function registered for the first part of the path."""

    def __init__(self) -> None:
        self._functions: dict[str, AsgiFunction] = {}
        self.state: dict[str, Any] = {}

    def at(self, path: str) -> Callable[[AsgiFunction], AsgiFunction]:
        """Register the decorated coroutine function."""

        def register(function: AsgiFunction) -> AsgiFunction:
            self._functions[path] = function
            return function

        return register

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                if message["type"] == "lifespan.startup":
                    scope["state"].update(self.state)
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await self._functions["/" + scope["path"].split("/")[1]](scope, receive, send)


async def answer(send: Any, body: bytes, status: int = 200) -> None:
    """A complete answer of known length."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
