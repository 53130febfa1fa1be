"""asyncio, anyio and Starlette as under any other server, whatever runs the connections."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.conformance.conftest import Serve
from tests.support.routes import AsgiRoutes, answer
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import request

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
app = AsgiRoutes()
noted: list[Any] = []
gate = threading.Event()


async def until_open() -> None:
    async with asyncio.timeout(5):
        while not gate.is_set():
            await asyncio.sleep(0.001)


@app.at("/task")
async def current_task(scope: dict[str, Any], receive: Any, send: Any) -> None:
    first = asyncio.current_task()
    assert first is not None
    await asyncio.sleep(0)
    assert asyncio.current_task() is first
    assert asyncio.get_running_loop().is_running()
    async with asyncio.timeout(5):
        await receive()
    await answer(send, b"task")


@app.at("/context")
async def contexts(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """A value set by one request is seen by no other, and kept over suspensions."""
    assert variable.get() == "unset"
    mine = scope["query_string"].decode()
    variable.set(mine)
    await asyncio.sleep(0.001)
    await receive()
    assert variable.get() == mine
    child = await asyncio.create_task(read_variable())
    await answer(send, child.encode())
    assert variable.get() == mine


async def read_variable() -> str:
    return variable.get()


@app.at("/group")
async def task_groups(scope: dict[str, Any], receive: Any, send: Any) -> None:
    results: list[int] = []

    async def work(number: int) -> None:
        await anyio.sleep(0.001 * number)
        results.append(number)

    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(work, number)
    async with asyncio.TaskGroup() as native:
        native.create_task(work(9))
    with anyio.move_on_after(0.01) as scope_of_time:
        await anyio.sleep(10)
    assert scope_of_time.cancelled_caught
    name = await anyio.to_thread.run_sync(lambda: threading.current_thread().name)
    assert name != threading.current_thread().name
    await answer(send, repr(results).encode())


@app.at("/race")
async def race_receive(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Listens for the disconnect beside its work, as Starlette does; the listener is cancelled in the end."""
    async with anyio.create_task_group() as group:

        async def listen() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            noted.append("disconnect")
            group.cancel_scope.cancel()

        group.start_soon(listen)
        await anyio.sleep(0.01)
        await answer(send, b"raced")
        group.cancel_scope.cancel()


@app.at("/cancel-receive")
async def cancel_receive(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """A cancelled receive() loses nothing: the body comes with the next one."""
    with anyio.move_on_after(0.02):
        await receive()
        noted.append("too early")
    noted.append("cancelled")
    message = await receive()
    await answer(send, message["body"])


@app.at("/two-receives")
async def receive_in_two_tasks(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """As a listener for the disconnect beside a reader of the body: each message is told to one of them."""
    tasks = [asyncio.create_task(receive()) for _ in range(3)]
    await asyncio.sleep(0.02)
    tasks.pop(1).cancel()
    await asyncio.sleep(0.02)
    noted.append([task.done() for task in tasks])
    first = await asyncio.wait_for(tasks[0], 5)
    await answer(send, first["body"])
    noted.append((await asyncio.wait_for(tasks[1], 5))["type"])


@app.at("/two-senders")
async def send_in_two_tasks(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Both wait for the client; one is cancelled meanwhile, which is nothing to the other."""
    await send({"type": "http.response.start", "status": 200, "headers": []})

    async def flood(byte: bytes) -> None:
        for _ in range(100):
            await send({"type": "http.response.body", "body": byte * 65536, "more_body": True})

    tasks = [asyncio.create_task(flood(byte)) for byte in (b"a", b"b")]
    await asyncio.sleep(0.1)
    tasks[0].cancel()
    noted.append("cancelled")
    await asyncio.wait_for(tasks[1], 10)
    await send({"type": "http.response.body"})


@app.at("/own-list")
async def reuse_the_list(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """What send() took is the server's; the list is the application's again."""
    fields = [(b"x-a", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    fields.append((b"x-b", b"2"))
    await send({"type": "http.response.body", "body": b"mine"})


@app.at("/tasks")
async def receive_and_send_in_tasks(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """What receive() and send() return can be awaited, waited for, shielded and made a task of."""
    message = await asyncio.wait_for(asyncio.create_task(receive()), 5)
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
    await asyncio.wait_for(send(start), 5)
    await asyncio.create_task(send({"type": "http.response.body", "body": b"ta", "more_body": True}))
    await asyncio.shield(send({"type": "http.response.body", "body": b"sk", "more_body": True}))
    await asyncio.gather(
        send({"type": "http.response.body", "body": b"s" if message["body"] == b"" else b"?"})
    )
    done, _ = await asyncio.wait({asyncio.ensure_future(receive())}, timeout=5)
    assert [task.result()["type"] for task in done] == ["http.disconnect"]
    noted.append("disconnect")


@app.at("/background")
async def background(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await answer(send, b"at once")
    await until_open()
    noted.append("done")


@app.at("/detached")
async def detached(scope: dict[str, Any], receive: Any, send: Any) -> None:
    async def later() -> None:
        await asyncio.sleep(0.01)
        noted.append("detached")

    scope["state"]["task"] = noted_tasks[0] = asyncio.create_task(later())
    await answer(send, b"detached")


@app.at("/never-suspends")
async def never_suspends(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await answer(send, b"x" * 100)


noted_tasks: dict[int, Any] = {}


async def body_of(req: Request) -> Response:
    return PlainTextResponse(await req.body())


async def stream_body(req: Request) -> Response:
    async def upper() -> AsyncIterator[bytes]:
        async for piece in req.stream():
            yield piece.upper()

    return StreamingResponse(upper())


async def count(req: Request) -> Response:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield f"{number};"
            await asyncio.sleep(0.001)

    return StreamingResponse(numbers(), media_type="text/plain")


async def endless(req: Request) -> Response:
    async def forever() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0.001)
        finally:
            noted.append("generator closed")

    return StreamingResponse(forever())


async def with_background(req: Request) -> Response:
    async def task() -> None:
        await until_open()
        noted.append("background task")

    return PlainTextResponse("at once", background=BackgroundTask(task))


def in_a_thread(req: Request) -> Response:
    return JSONResponse(
        {"thread": threading.current_thread().name, "client": req.client.host if req.client else None}
    )


async def poll_disconnect(req: Request) -> Response:
    noted.append("polling")
    async with asyncio.timeout(5):
        while not await req.is_disconnected():
            await asyncio.sleep(0.005)
    noted.append("disconnected")
    return PlainTextResponse("nobody reads this")


async def upload(req: Request) -> Response:
    noted.append("uploading")
    try:
        await req.body()
    except ClientDisconnect:
        noted.append("ClientDisconnect")
    return PlainTextResponse("ok")


async def this_file(req: Request) -> Response:
    return FileResponse(__file__)


class Passing(BaseHTTPMiddleware):
    async def dispatch(self, req: Request, call_next: Any) -> Any:
        reply = await call_next(req)
        reply.headers["x-passed"] = "1"
        return reply


def starlette(*middleware: Middleware) -> Starlette:
    endpoints = (
        body_of,
        stream_body,
        count,
        endless,
        with_background,
        in_a_thread,
        poll_disconnect,
        upload,
        this_file,
    )
    methods = ["GET", "POST"]
    return Starlette(
        routes=[Route("/" + endpoint.__name__, endpoint, methods=methods) for endpoint in endpoints],
        middleware=list(middleware),
    )


PLAIN, WITH_MIDDLEWARE = starlette(), starlette(Middleware(Passing))


@pytest.fixture
def site(serve: Serve) -> Running:
    noted.clear()
    gate.clear()
    return serve(app)


@pytest.fixture(params=[PLAIN, WITH_MIDDLEWARE], ids=["plain", "middleware"])
def framework(request: pytest.FixtureRequest, serve: Serve) -> Running:
    noted.clear()
    gate.clear()
    return serve(request.param)


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/task", b"task"),
        ("/group", b"[0, 1, 2, 3, 4, 9]"),
        ("/race", b"raced"),
        ("/never-suspends", b"x" * 100),
    ],
)
def test_asyncio_works(target: str, body: bytes, site: Running) -> None:
    with site.connect() as wire:
        for _ in range(3):
            assert wire.ask(request(target)).body == body, site.log()
        assert wire.ask(request(target, method="POST", body=b"hello")).body == body, site.log()


def test_receive_and_send_in_tasks(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/tasks")).body == b"tasks", site.log()
    eventually(lambda: noted == ["disconnect"], "the coroutine ended")


def test_contextvars_belong_to_one_request(site: Running) -> None:
    wires = [site.connect() for _ in range(10)]
    for number, wire in enumerate(wires):
        wire.send(request(f"/context?{number}") + request(f"/context?{number}b"))
    for number, wire in enumerate(wires):
        assert wire.answer().body == b"%d" % number, site.log()
        assert wire.answer().body == b"%db" % number
        wire.socket.close()


def test_cancelled_receive_loses_nothing(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/cancel-receive", "Content-Length: 5", method="POST"))
        eventually(lambda: noted == ["cancelled"], "receive() was cancelled")
        assert wire.ask(b"hello").body == b"hello"


def test_receives_beside_each_other_have_a_message_each(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/two-receives", "Content-Length: 5", method="POST"))
        eventually(lambda: noted == [[False, False]], "one was cancelled, and no other")
        assert wire.ask(b"hello").body == b"hello"
        eventually(lambda: noted[1:] == ["http.disconnect"], "the other had the next message")


def test_cancelled_send_cancels_no_other(site: Running) -> None:
    with site.connect(receive_buffer=65536) as wire:
        wire.send(request("/two-senders", "Connection: close"))
        eventually(lambda: noted == ["cancelled"], "one was cancelled")
        body = wire.read_to_end().only_answer().body
    assert body.count(b"b") == 100 * 65536, site.log()
    assert body.count(b"a") < 100 * 65536


def test_fields_are_those_that_were_sent(site: Running) -> None:
    with site.connect() as wire:
        answered = wire.ask(request("/own-list"))
    assert (answered.field(b"x-a"), answered.field(b"x-b")) == (b"1", None)


def test_answer_is_complete_before_the_coroutine_ends(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/background")).body == b"at once"
        assert noted == []
        gate.set()
        eventually(lambda: noted == ["done"], "the rest of the coroutine ran")
        assert wire.ask(request("/task")).body == b"task"


def test_next_request_need_not_wait_for_background_work(site: Running) -> None:
    """The answer is complete, so the connection may carry on, or at least other connections may."""
    with site.connect() as wire, site.connect() as other:
        assert wire.ask(request("/background")).body == b"at once"
        assert other.ask(request("/task")).body == b"task"
        gate.set()
        eventually(lambda: noted == ["done"], "the rest of the coroutine ran")


def test_detached_tasks_go_on(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/detached")).body == b"detached"
    eventually(lambda: noted == ["detached"], "the task ran")


def test_requests_run_in_turns(site: Running) -> None:
    """Fifty at once on one loop, each suspended several times."""
    wires = [site.connect() for _ in range(50)]
    for wire in wires:
        wire.send(request("/group"))
    for wire in wires:
        assert wire.answer().body == b"[0, 1, 2, 3, 4, 9]", site.log()
        wire.socket.close()


def test_starlette_bodies(framework: Running) -> None:
    body = b"hello" * 40_000
    with framework.connect() as wire:
        assert wire.ask(request("/body_of", method="POST", body=body)).body == body
        # Answered while it is still being received: up to 64 KiB the connection is kept whatever is left unread.
        assert (
            wire.ask(request("/stream_body", method="POST", body=body[:60_000])).body == body[:60_000].upper()
        )
        assert wire.ask(request("/body_of")).body == b""
        assert wire.ask(request("/count")).body == b"0;1;2;"
        assert wire.ask(request("/nothing")).status == 404
        assert b'"127.0.0.1"' in wire.ask(request("/in_a_thread")).body
        assert b"def test_starlette_bodies" in wire.ask(request("/this_file")).body
        assert wire.ask(request("/count", method="HEAD"), method=b"HEAD").body == b""
        assert wire.ask(request("/body_of")).body == b""
    assert "Traceback" not in framework.log()


def test_starlette_background_task_runs_behind_the_answer(framework: Running) -> None:
    with framework.connect() as wire:
        assert wire.ask(request("/with_background")).body == b"at once"
        assert noted == []
        gate.set()
        eventually(lambda: noted == ["background task"], "the background task ran")
        assert wire.ask(request("/count")).body == b"0;1;2;"


def test_starlette_closes_the_generator_of_a_vanished_client(framework: Running) -> None:
    with framework.connect() as wire:
        wire.send(request("/endless"))
        wire.read_until(b"x" * 1000)
        wire.reset()
    eventually(lambda: noted == ["generator closed"], "the generator was closed")
    assert "Traceback" not in framework.log()


def test_starlette_sees_the_disconnect(serve: Serve) -> None:
    # Without middleware: is_disconnected() behind Starlette's BaseHTTPMiddleware sees none on any server.
    noted.clear()
    with serve(PLAIN).connect() as wire:
        wire.send(request("/poll_disconnect"))
        eventually(lambda: noted == ["polling"], "the endpoint runs")
        wire.reset()
    eventually(lambda: noted == ["polling", "disconnected"], "the disconnect was seen")


def test_starlette_sees_an_upload_break_off(framework: Running) -> None:
    with framework.connect() as wire:
        wire.send(request("/upload", "Content-Length: 1000", method="POST") + b"x")
        eventually(lambda: noted == ["uploading"], "the endpoint runs")
        wire.reset()
    eventually(lambda: noted == ["uploading", "ClientDisconnect"], "the endpoint was told")
    assert "ERROR" not in framework.log().upper()
