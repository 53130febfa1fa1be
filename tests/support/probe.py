"""The application most suites talk to, as a WSGI and an ASGI twin: the path says how it behaves."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

FATAL = {error.__name__: error for error in (SystemExit, GeneratorExit)}
BLOCK = b"0123456789abcdef" * 4096
MIDWAY = "the application broke midway"
BEFORE = "the application broke before it answered"
# Header fields that no application may send: the answer would be split or misread.
INJECTIONS: list[tuple[bytes, bytes]] = [
    (b"X-Evil", b"a\r\nX-Injected: 1"),
    (b"X-Evil", b"a\nX-Injected: 1"),
    (b"X-Evil", b"a\rX-Injected: 1"),
    (b"X-Evil", b"a\x00b"),
    (b"X-Evil", b"a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
    (b"X-Evil", b"a\r\n"),
    (b"X-Evil\r\nX-Injected", b"1"),
    (b"X-Evil\nX-Injected", b"1"),
    (b"X-Evil: 1\r\nX-Injected", b"1"),
    (b"X\x00Evil", b"1"),
    (b"X Evil", b"1"),
    (b"X-Evil:", b"1"),
    (b"", b"1"),
    (b"Content-Length", b"5, 5"),
    (b"Content-Length", b"-1"),
    (b"Content-Length", b"+5"),
    (b"Content-Length", b"five"),
    (b"Transfer-Encoding", b"gzip, chunked"),
    (b"Transfer-Encoding", b"gzip"),
]


class Probe:
    """What the twins have been asked, and the gate at which `/gate` waits."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.finished: list[str] = []
        self.closed: list[str] = []
        self.gate = threading.Event()

    def reset(self) -> None:
        """Forget everything and shut the gate."""
        self.started.clear()
        self.finished.clear()
        self.closed.clear()
        self.gate.clear()


class _Body:
    """An iterable that notes when the server closes it."""

    def __init__(self, probe: Probe, path: str, pieces: Iterable[bytes]) -> None:
        self._probe, self._path, self._pieces = probe, path, iter(pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._probe.closed.append(self._path)


def blocks(total: int) -> Iterator[bytes]:
    """`total` bytes in blocks of 64 KiB."""
    for _ in range(total // len(BLOCK)):
        yield BLOCK
    if total % len(BLOCK):
        yield BLOCK[: total % len(BLOCK)]


class Plan:
    """An answer: its status, fields and pieces; `breaks` raises that text after the pieces."""

    def __init__(
        self,
        pieces: Iterable[bytes],
        status: int = 200,
        length: int | None = None,
        fields: Iterable[tuple[bytes, bytes]] = (),
        breaks: str = "",
    ) -> None:
        self.pieces, self.status, self.breaks = pieces, status, breaks
        self.fields = list(fields) or [(b"Content-Type", b"text/plain")]
        if length is not None:
            self.fields.append((b"Content-Length", b"%d" % length))


def plan(path: str, query: str, body: bytes | None) -> Plan:
    """How the twins answer this path."""
    number = int(query) if query.isdigit() else 0
    action = path.split("/")[1]
    if action == "echo":
        assert body is not None
        return Plan([body], length=len(body))
    if action in ("stream", "midway"):
        return Plan([b"one", b"two", b"three"], breaks=MIDWAY if action == "midway" else "")
    if action == "empty":
        return Plan([], length=0)
    if action == "bare":
        return Plan([])
    if action == "status":
        return Plan([], status=number, fields=[(b"X-Probe", b"1")])
    if action == "status-body":
        return Plan([b"a body that must not be sent"], status=number, length=28)
    if action == "large":
        return Plan(blocks(number), length=number)
    if action == "large-stream":
        return Plan(blocks(number))
    if action == "short":
        return Plan([b"abc", b"de"], length=10)
    if action == "short-once":
        return Plan([b"abcde"], length=10)
    if action == "long":
        return Plan([b"abc", b"defghij"], length=5)
    if action == "long-once":
        return Plan([b"abcdefghij"], length=5)
    if action == "midway-length":
        return Plan([b"abc"], length=10, breaks=MIDWAY)
    if action == "inject":
        return Plan([b"hello"], fields=[INJECTIONS[number]])
    if action == "upgrade":
        fields = [(b"Upgrade", b"chat/2"), (b"Connection", query.encode() or b"Upgrade")]
        return Plan([b"hello"], status=426, length=5, fields=fields)
    if action == "obs-text":
        return Plan([b"hello"], length=5, fields=[(b"X-Latin", "\xe9\xff".encode("latin-1"))])
    return Plan([b"hello"], length=5)


READING = ("echo", "gate-echo")
WAITING = ("gate", "gate-echo")


class WsgiProbe(Probe):
    """The WSGI twin."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        action = path.split("/")[1] if path.startswith("/") else path
        self.started.append(path)
        if action in WAITING and not self.gate.wait(10):
            raise TimeoutError("nobody opened the gate")
        if action == "raise":
            raise RuntimeError(BEFORE)
        if action == "exit":
            raise FATAL[path.split("/")[2]](BEFORE)
        body = environ["wsgi.input"].read() if action in READING else None
        if action == "seen":
            answer = Plan([json.dumps(self.seen(environ)).encode()])
        else:
            answer = plan(path if path.startswith("/") else "/hello", query, body)
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.fields]
        start_response(f"{answer.status} Probed", fields)
        if action == "raise-started":
            raise RuntimeError(BEFORE)
        self.finished.append(path)
        return _Body(self, path, self.produce(answer))

    def produce(self, answer: Plan) -> Iterator[bytes]:
        yield from answer.pieces
        if answer.breaks:
            raise RuntimeError(answer.breaks)

    def seen(self, environ: dict[str, Any]) -> dict[str, Any]:
        fields = [
            [name.removeprefix("HTTP_").replace("_", "-").lower(), value]
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        ]
        return {
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"],
            "query": environ["QUERY_STRING"],
            "version": environ["SERVER_PROTOCOL"].removeprefix("HTTP/"),
            "fields": fields,
        }


class AsgiProbe(Probe):
    """The ASGI twin."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await self.lifespan(receive, send)
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        action = path.split("/")[1] if path.startswith("/") else path
        self.started.append(path)
        if action in WAITING:
            async with asyncio.timeout(10):
                while not self.gate.is_set():
                    await asyncio.sleep(0.001)
        if action == "raise":
            raise RuntimeError(BEFORE)
        if action == "exit":
            raise FATAL[path.split("/")[2]](BEFORE)
        body = b"".join([piece async for piece in self.body(receive)]) if action in READING else None
        if action == "seen":
            answer = Plan([json.dumps(self.seen(scope)).encode()])
        else:
            answer = plan(path if path.startswith("/") else "/hello", query, body)
        fields = [(name.lower(), value) for name, value in answer.fields]
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": fields})
            if action == "raise-started":
                raise RuntimeError(BEFORE)
            self.finished.append(path)
            for piece in answer.pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if answer.breaks:
                raise RuntimeError(answer.breaks)
            await send({"type": "http.response.body"})
        finally:
            self.closed.append(path)
        return None

    async def lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def body(self, receive: Any) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client went away")
            more = message.get("more_body", False)
            yield message.get("body", b"")

    def seen(self, scope: dict[str, Any]) -> dict[str, Any]:
        return {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "version": scope["http_version"],
            "fields": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
        }
