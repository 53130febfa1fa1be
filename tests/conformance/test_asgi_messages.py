"""receive() and send(): order, pieces, disconnects and violations (ASGI HTTP)."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from tests.conformance.conftest import Serve
from tests.support.routes import AsgiRoutes, answer
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import chunked, request

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
END = {"type": "http.response.body"}
app = AsgiRoutes()
seen: list[Any] = []


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def caught(send: Any, message: dict[str, Any]) -> str:
    """The name of what sending this raises, be it in the call or in the await."""
    try:
        await send(message)
    except OSError:
        return "OSError"
    except Exception as error:
        return type(error).__name__
    return "nothing"


@app.at("/messages")
async def note_messages(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Every body message, then the answer, then what comes behind it."""
    total = 0
    while True:
        message = await receive()
        assert type(message) is dict
        seen.append({**message, "body": len(message["body"])})
        total += len(message["body"])
        if not message["more_body"]:
            break
    await answer(send, b"%d" % total)
    seen.append(await receive())
    seen.append(await receive())


@app.at("/sum")
async def sum_body(scope: dict[str, Any], receive: Any, send: Any) -> None:
    total = 0
    more = True
    while more:
        message = await receive()
        assert type(message["body"]) is bytes
        total += sum(message["body"])
        more = message["more_body"]
    await answer(send, b"%d" % total)


@app.at("/wait-for-disconnect")
async def wait_for_disconnect(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Long polling: nothing is sent, the end of the client is awaited."""
    seen.append("called")
    while (message := await receive())["type"] == "http.request":
        pass
    seen.append(message)
    seen.append(await caught(send, START))
    seen.append(await caught(send, END))


@app.at("/stream-until-disconnect")
async def stream_until_disconnect(scope: dict[str, Any], receive: Any, send: Any) -> None:
    try:
        await send(START)
        while True:
            await send(piece(b"x" * 1000))
            await asyncio.sleep(0)
    except OSError:
        seen.append("OSError")
        seen.append(await caught(send, piece(b"x")))
        seen.append((await receive())["type"])


@app.at("/drop-by-drop")
async def drop_by_drop(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Server-sent events, which end with their client."""
    try:
        await send(START)
        while True:
            await send(piece(b"x"))
            await asyncio.sleep(0.01)
    except OSError:
        seen.append("OSError")
        raise RuntimeError("what frameworks make of it") from None


@app.at("/stepwise")
async def stepwise(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """A piece for each piece of the body."""
    await send(START)
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        await send(piece(message["body"].upper()))
    await send(END)


@app.at("/violations")
async def violate(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Wrong messages raise where they are sent; the right ones go on working."""
    seen.append(await caught(send, piece(b"too early")))
    seen.append(await caught(send, {"type": "http.unheard-of"}))
    seen.append(await caught(send, {"type": "websocket.accept"}))
    await send(START)
    seen.append(await caught(send, START))
    seen.append(await caught(send, {"type": "http.response.body", "body": "text"}))
    await send(piece(b"right"))
    seen.append(await caught(send, START))
    await send(END)
    seen.append(await caught(send, piece(b"too late")))
    seen.append(await caught(send, START))


@app.at("/bytearray-and-memoryview")
async def bytearray_and_memoryview(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(START)
    await send({"type": "http.response.body", "body": bytearray(b"byt"), "more_body": True})
    await send({"type": "http.response.body", "body": memoryview(b"es")})


@app.at("/bytes-like")
async def bytes_like(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    await send({"type": "http.response.body", "body": b"bytes", "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@app.at("/generator-headers")
async def generator_headers(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The spec allows any iterable of two-item iterables."""
    await send(
        {
            "type": "http.response.start",
            "status": 201,
            "headers": ([b"x-%d" % n, b"%d" % n] for n in range(3)),
        }
    )
    await send(END)


@app.at("/no-answer")
async def no_answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Returns without a word."""


@app.at("/only-start")
async def only_start(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(START)


@app.at("/no-end")
async def no_end(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(START)
    await send(piece(b"begun"))


@app.at("/reads-after-answer")
async def reads_after_answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await answer(send, b"early")
    seen.append((await receive())["type"])


@app.at("/answers-a-disconnect")
async def answers_a_disconnect(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """As a framework does that makes a 500 of everything raised inside it, the disconnect included."""
    while (message := await receive())["type"] != "http.disconnect" and message["more_body"]:
        pass
    seen.append(await caught(send, START))
    await answer(send, b"went wrong", status=500)


@app.at("/own-close")
async def own_close(scope: dict[str, Any], receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"2"), (b"connection", unquote_to_bytes(scope["query_string"]))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send(piece(b"ok", more=False))


for kind, headers in {
    "text-name": [("x-a", b"b")],
    "text-value": [(b"x-a", "b")],
    "single": [(b"x-a",)],
    "number": [(b"x-a", 5)],
}.items():

    @app.at(f"/bad-{kind}")
    async def bad_headers(scope: dict[str, Any], receive: Any, send: Any, headers: Any = headers) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(END)


for kind, body in {"number-body": 5, "text-body": "hello", "list-body": [104, 105]}.items():

    @app.at(f"/bad-{kind}")
    async def bad_body(scope: dict[str, Any], receive: Any, send: Any, body: Any = body) -> None:
        await send(START)
        await send({"type": "http.response.body", "body": body})


for kind, status in {
    "text-status": "200",
    "low-status": 99,
    "high-status": 1000,
    "interim-status": 100,
}.items():

    @app.at(f"/bad-{kind}")
    async def bad_status(scope: dict[str, Any], receive: Any, send: Any, status: Any = status) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send(END)


@pytest.fixture
def site(serve: Serve) -> Running:
    seen.clear()
    return serve(app)


def test_request_without_body(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/messages")).body == b"0"
    eventually(lambda: len(seen) == 3, "three messages")
    assert seen == [
        {"type": "http.request", "body": 0, "more_body": False},
        *[{"type": "http.disconnect"}] * 2,
    ]


@pytest.mark.parametrize("size", [1, 5000, 1_000_000])
def test_request_with_body(size: int, site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/messages", method="POST", body=b"x" * size)).body == b"%d" % size
    eventually(lambda: seen[-1:] == [{"type": "http.disconnect"}], "the disconnect")
    bodies = [message for message in seen if message["type"] == "http.request"]
    assert sum(message["body"] for message in bodies) == size
    assert [message["more_body"] for message in bodies] == [True] * (len(bodies) - 1) + [False]


def test_body_pieces_come_as_they_arrive(site: Running) -> None:
    """The second piece is sent only when the first has been answered."""
    with site.connect() as wire:
        wire.send(request("/stepwise", "Transfer-Encoding: chunked", method="POST"))
        for word in (b"one", b"two", b"three"):
            wire.send(b"%x\r\n%b\r\n" % (len(word), word))
            wire.read_until(word.upper() + b"\r\n")
        wire.send(b"0\r\n\r\n")
        wire.read_until(b"0\r\n\r\n")
        assert wire.ask(request("/messages")).body == b"0"


def test_chunked_pieces_are_whole(site: Running) -> None:
    pieces = [bytes([number]) * 3000 for number in range(100)]
    with site.connect() as wire:
        wire.send(request("/sum", "Transfer-Encoding: chunked", method="POST") + chunked(*pieces))
        assert wire.answer().body == b"%d" % sum(map(sum, pieces))


def test_disconnect_while_nothing_is_sent(site: Running) -> None:
    for end in ("close", "reset"):
        seen.clear()
        wire = site.connect()
        wire.send(request("/wait-for-disconnect"))
        eventually(lambda: seen == ["called"], "the application is called")
        wire.reset() if end == "reset" else wire.socket.close()
        eventually(lambda: len(seen) == 4, "the application has ended")
        assert seen[1] == {"type": "http.disconnect"}
        # A half-closed client may still read, so the first send may succeed on a close, never on a reset.
        assert set(seen[2:]) <= {
            "OSError",
            "ClientDisconnect",
            "BrokenPipeError",
            "ConnectionResetError",
            "nothing",
        }
    assert "ERROR" not in site.log().upper()


def test_disconnect_in_the_middle_of_a_body(site: Running) -> None:
    wire = site.connect()
    wire.send(request("/wait-for-disconnect", "Content-Length: 1000", method="POST") + b"x" * 10)
    eventually(lambda: seen == ["called"], "the application is called")
    wire.reset()
    eventually(lambda: len(seen) == 4, "the application has ended")
    assert seen[1] == {"type": "http.disconnect"}


def test_send_raises_os_error_when_the_client_is_gone(site: Running) -> None:
    with site.connect(receive_buffer=4096) as wire:
        wire.send(request("/stream-until-disconnect"))
        wire.read_until(b"x" * 1000)
        wire.reset()
    eventually(lambda: len(seen) == 3, "the application has ended")
    assert seen[0] == "OSError"
    assert seen[1] == "OSError"
    assert seen[2] == "http.disconnect"
    assert "Traceback" not in site.log()


def test_head_of_an_endless_answer_ends(site: Running) -> None:
    """Nothing of it is sent, so nothing fails when the client has gone: it ends when it becomes long, all the same."""
    with site.connect() as wire:
        assert wire.ask(request("/stream-until-disconnect", method="HEAD"), b"HEAD").status == 200
        assert wire.ask(request("/sum", method="POST", body=b"a")).body == b"97"
    eventually(lambda: seen == ["OSError", "OSError", "http.disconnect"], "the application has ended")
    assert "Traceback" not in site.log()


def test_head_of_a_slow_answer_ends_with_its_client(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/drop-by-drop", method="HEAD"), b"HEAD").status == 200
        assert seen == []
    eventually(lambda: seen == ["OSError"], "the application has ended")
    assert "Traceback" not in site.log()


def test_violations_raise_in_the_application(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/violations")).body == b"right"
    eventually(lambda: len(seen) == 8, "every violation was tried")
    assert "nothing" not in seen[:6]
    # Messages behind the end: spec 2.4 lets a server ignore them or raise.
    assert set(seen[6:]) <= {"nothing", *seen[:6], "OSError"}


def test_receive_behind_the_answer_is_a_disconnect(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/reads-after-answer")).body == b"early"
        assert wire.ask(request("/reads-after-answer", method="POST", body=b"unread")).body == b"early"
        eventually(lambda: len(seen) == 2, "the application has ended")
    assert seen[0] == "http.disconnect"
    assert seen[1] == "http.disconnect"


@pytest.mark.parametrize("target", ["/no-answer", "/only-start"])
def test_an_answer_that_never_came_is_a_500(target: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target, "Connection: close"))
        assert wire.read_to_end().only_answer().status == 500
    site.logged(target)


def test_an_answer_that_never_ended_is_cut_short(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/no-end") + request("/sum"))
        data = wire.read_to_end().data
    assert data.count(b"HTTP/1.1 ") == 1
    assert not data.endswith(b"0\r\n\r\n")
    site.logged("/no-end")


@pytest.mark.parametrize("body", [b"x", b"5\r\nhelloXX", b"5\r\nhello\r\n0\r\nbad name: x\r\n\r\n"])
def test_a_malformed_body_is_refused_whatever_the_application_says(body: bytes, site: Running) -> None:
    target = "/answers-a-disconnect"
    with site.connect() as wire:
        wire.send(request(target, "Transfer-Encoding: chunked", method="POST") + body + request("/sum"))
        reply = wire.read_to_end().only_answer()
    assert reply.status == 400
    assert reply.closes
    eventually(lambda: seen, "the application has been told")
    assert seen == ["OSError"]
    assert "Traceback" not in site.log()


@pytest.mark.parametrize(
    "kind",
    [
        "text-name",
        "text-value",
        "single",
        "number",
        "number-body",
        "text-body",
        "list-body",
        "text-status",
        "low-status",
        "high-status",
        "interim-status",
    ],
)
def test_malformed_message(kind: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(f"/bad-{kind}", "Connection: close"))
        assert wire.read_to_end().only_answer().status == 500
    site.logged(f"/bad-{kind}")


def test_defaults_of_messages(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/bytes-like")).body == b"bytes"
        assert wire.ask(request("/bytearray-and-memoryview")).body == b"bytes"
        reply = wire.ask(request("/generator-headers"))
    assert reply.status == 201
    assert [reply.field(b"x-%d" % number) for number in range(3)] == [b"0", b"1", b"2"]


@pytest.mark.parametrize("options", ["close", "Close", "x,close", "close%20,%09x", "%20,,CLOSE"])
def test_close_of_the_application_is_obeyed(options: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(f"/own-close?{options}") + request("/sum"))
        reply = wire.read_to_end().only_answer()
    assert (reply.body, reply.closes) == (b"ok", True)


def test_many_small_pieces(site: Running) -> None:
    began = time.monotonic()
    with site.connect() as wire:
        data = b"".join(b"1\r\n%c\r\n" % (97 + number % 26) for number in range(5000)) + b"0\r\n\r\n"
        # To its end first: reading the answer anew with every piece of it would be what takes long.
        wire.send(
            request("/stepwise", "Transfer-Encoding: chunked", "Connection: close", method="POST") + data
        )
        reply = wire.read_to_end().only_answer()
    assert len(reply.body) == 5000
    assert time.monotonic() - began < 10
