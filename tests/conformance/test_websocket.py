"""WebSockets of ASGI applications (RFC 6455, ASGI's WebSocket specification), over every engine."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.websocket_site import app, seen
from tests.support.servers import Running, run
from tests.support.waiting import eventually
from tests.support.websocket_wire import (
    BINARY,
    CONTINUATION,
    FIELDS,
    KEY,
    PING,
    PONG,
    TEXT,
    Talk,
    close,
    frame,
    handshake,
    talk,
)
from tests.support.wire import request


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


@pytest.fixture
def site(serve: Serve) -> Running:
    return serve(app)


def told(path: str) -> Any:
    """What the application noted first."""
    return eventually(lambda: seen[path][:1], f"{path} has seen something")[0]


def test_handshake(site: Running) -> None:
    with site.connect() as wire:
        wire.send(handshake("/scope/caf%C3%A9?a=1", "Sec-WebSocket-Protocol: talk, chat"))
        head = wire.read_until(b"\r\n\r\n").decode().lower().split("\r\n")
    assert head[0] == "http/1.1 101 switching protocols"
    # RFC 6455 section 4.2.2: of this very key.
    import base64
    import hashlib

    digest = hashlib.sha1(KEY.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    accept = base64.b64encode(digest).decode()
    assert f"sec-websocket-accept: {accept.lower()}" in head
    for line in ("upgrade: websocket", "connection: upgrade", "sec-websocket-protocol: chat", "x-room: 7"):
        assert line in head
    assert not [line for line in head if line.startswith(("content-length", "transfer-encoding"))]
    assert "connection: close" not in head
    scope = told("/scope")
    expected = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/scope/café",
        "raw_path": b"/scope/caf%C3%A9",
        "query_string": b"a=1",
        "root_path": "",
        "server": site.address,
        "subprotocols": ["talk", "chat"],
    }
    assert {key: scope[key] for key in expected} == expected
    assert scope["client"][0] == "127.0.0.1"
    assert (b"sec-websocket-version", b"13") in scope["headers"]
    assert scope["extensions"]["websocket.http.response"] == {}
    assert "method" not in scope


def test_echo(site: Running) -> None:
    line = talk(site)
    for payload in ("", "hello", "ä" * 1000, "x" * 126, "y" * 65535, "z" * 65536):
        line.send(TEXT, payload.encode())
        assert line.message() == payload
        line.send(BINARY, payload.encode())
        assert line.message() == payload.encode()


def test_behind_the_request(site: Running) -> None:
    """A client need not wait for the answer to its handshake, though most do."""
    line = talk(site, behind=frame(TEXT, b"early") + frame(TEXT, b"bird"))
    assert [line.message(), line.message()] == ["early", "bird"]


def test_byte_by_byte(site: Running) -> None:
    line = talk(site)
    line.wire.send_bytewise(frame(TEXT, "bytewise ä".encode()) + frame(BINARY, bytes(range(200))))
    assert [line.message(), line.message()] == ["bytewise ä", bytes(range(200))]


def test_many_at_once(site: Running) -> None:
    line = talk(site)
    line.wire.send(b"".join(frame(TEXT, b"%d" % number) for number in range(3000)))
    assert [line.message() for _ in range(3000)] == [str(number) for number in range(3000)]


def test_fragments_and_a_ping_between(site: Running) -> None:
    line = talk(site)
    line.send(TEXT, b"in ", fin=False)
    line.send(PING, b"are you there?")
    got = line.frame()
    assert (got.opcode, got.payload) == (PONG, b"are you there?")
    line.send(CONTINUATION, b"three ", fin=False)
    line.send(PONG, b"nobody asked")
    line.send(CONTINUATION, b"pieces")
    assert line.message() == "in three pieces"


def test_ten_megabytes(site: Running) -> None:
    line = talk(site)
    content = bytes(range(256)) * 40960
    sender = threading.Thread(target=line.send, args=(BINARY, content))
    sender.start()
    assert line.message() == content
    sender.join()


def test_slow_reader_holds_the_application_back(site: Running) -> None:
    line = talk(site, "/flood", receive_buffer=65536)
    sent = seen["/flood"]
    eventually(lambda: len(sent) > 1, "it sends")
    before = -1
    while before != len(sent):  # until nothing more fits
        before = len(sent)
        time.sleep(0.1)
    assert before < 128, f"{before} of 512 messages of 64 KiB were taken, and nobody reads"
    for _number in range(512):
        assert len(line.message()) == 65536
    assert line.close_frame().code == 1000
    line.wire.send(close())
    line.ended()


def test_slow_application_holds_the_peer_back(site: Running) -> None:
    line = talk(site, "/gate")
    loop, opened = told("/gate")
    piece = frame(BINARY, bytes(65530))
    line.wire.socket.settimeout(0.3)
    sent = rest = 0
    try:
        for _number in range(512):
            rest = len(piece)
            while rest:
                rest -= line.wire.socket.send(piece[-rest:])
            sent += 1
    except TimeoutError:
        pass
    assert 0 < sent < 256, f"{sent} messages of 64 KiB were taken, and nobody receives"
    loop.call_soon_threadsafe(opened.set)
    line.wire.socket.settimeout(10)
    line.wire.send(piece[-rest:] + frame(TEXT, b"end"))
    assert line.message() == str((sent + 1) * 65530)


def test_closed_by_the_client(site: Running) -> None:
    line = talk(site)
    line.send(TEXT, b"one")
    assert line.message() == "one"
    line.wire.send(close(4321, "für heute".encode()))
    assert line.close_frame().code == 4321
    line.ended()
    assert told("/echo") == {"type": "websocket.disconnect", "code": 4321, "reason": "für heute"}


def test_closed_without_a_code(site: Running) -> None:
    line = talk(site)
    line.send(8)
    assert line.close_frame().payload == b""
    line.ended()
    assert told("/echo")["code"] == 1005


def test_closed_by_the_application(site: Running) -> None:
    line = talk(site, "/closes")
    assert line.message() == "last"
    got = line.close_frame()
    assert (got.code, got.payload[2:]) == (3001, b"enough")
    assert not line.wire.closed_by_peer(), "the server waits for the answer to its close frame"
    line.wire.send(close(3001))
    line.ended()
    assert told("/closes") == {"type": "websocket.disconnect", "code": 3001, "reason": "enough"}


def test_closed_because_the_application_returns(site: Running) -> None:
    assert talk(site, "/returns").close_frame().code == 1000


@pytest.mark.parametrize("how", ["reset", "half_close", "close"])
def test_gone_without_a_word(site: Running, how: str) -> None:
    line = talk(site)
    line.send(TEXT, b"one")
    assert line.message() == "one"
    {"reset": line.wire.reset, "half_close": line.wire.half_close, "close": line.wire.socket.close}[how]()
    assert told("/echo") == {"type": "websocket.disconnect", "code": 1006, "reason": ""}
    if how == "half_close":
        line.ended()
    assert "error" not in site.log()


def test_sending_after_the_end_is_an_error_of_the_connection(site: Running) -> None:
    line = talk(site, "/after-the-end")
    line.wire.send(close())
    line.close_frame()
    assert isinstance(told("/after-the-end"), OSError)
    assert "error" not in site.log()


def test_errors_of_the_application(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(handshake("/raises-before")).status == 500
    site.logged("ZeroDivisionError: before it was accepted")
    with site.connect() as wire:
        assert wire.ask(handshake("/silent")).status == 500
    site.logged("without answering the handshake")
    line = talk(site, "/raises-after")
    line.send(TEXT, b"go")
    assert line.close_frame().code == 1011
    site.logged("ZeroDivisionError: after it was accepted")


def test_what_may_not_be_said(site: Running) -> None:
    assert talk(site, "/misuses").message() == b"still here"
    told("/misuses")
    assert [error for error in seen["/misuses"] if error.startswith("taken")] == []


def test_denied(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(handshake("/denies")).status == 403
        assert wire.read_to_end() == (b"", False)
    with site.connect() as wire:
        reply = wire.ask(handshake("/answers"))
        assert (reply.status, reply.body) == (401, b"who are you")
        assert reply.field(b"www-authenticate") == b"Basic"
        assert wire.read_to_end() == (b"", False)


def without(name: str, *instead: str) -> tuple[str, ...]:
    return (*[field for field in FIELDS if not field.lower().startswith(name)], *instead)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (handshake("/echo", fields=without("sec-websocket-key")), 400),
        (handshake("/echo", fields=without("sec-websocket-key", "Sec-WebSocket-Key: c2hvcnQ=")), 400),
        (handshake("/echo", fields=without("sec-websocket-version")), 426),
        (handshake("/echo", fields=without("sec-websocket-version", "Sec-WebSocket-Version: 8")), 426),
        (handshake("/echo", line="POST /echo HTTP/1.1"), 400),
        (handshake("/echo", "Content-Length: 1") + b"x", 400),
        # RFC 6455 section 4.2.1: any violation of the grammar.
        (handshake("/echo", "Sec-WebSocket-Protocol: chat, not a name"), 400),
        (handshake("/echo", "Sec-WebSocket-Extensions: permessage-deflate; =1"), 400),
        (handshake("/echo", 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits="10'), 400),
    ],
)
def test_no_handshake(site: Running, asked: bytes, status: int) -> None:
    with site.connect() as wire:
        reply = wire.ask(asked)
        assert reply.status == status
        if status == 426:
            assert reply.field(b"sec-websocket-version") == b"13"
            # RFC 9110 section 7.8: whoever sends Upgrade names it in Connection.
            assert (reply.field(b"upgrade"), reply.connection) == (b"websocket", b"close, upgrade")
        assert wire.read_to_end().reset is False
    assert seen == {}


def test_continue_before_the_switch(site: Running) -> None:
    """RFC 9110 section 7.8: a client that expects 100 has it before 101."""
    with site.connect() as wire:
        wire.send(handshake("/echo", "Expect: 100-continue"))
        assert wire.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        assert wire.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")


def test_http_1_0_has_no_upgrade(site: Running) -> None:
    """RFC 9110 section 7.8: there the field is ignored."""
    with site.connect() as wire:
        wire.send(handshake("/plain", line="GET /plain HTTP/1.0"))
        assert wire.read_to_end().only_answer().body == b"http"


@pytest.mark.parametrize("fields", [without("connection"), without("upgrade", "Upgrade: h2c")])
def test_another_upgrade_is_not_looked_at(site: Running, fields: tuple[str, ...]) -> None:
    """RFC 9110 section 7.8: a server may ignore it."""
    with site.connect() as wire:
        assert wire.ask(handshake("/plain", fields=fields)).body == b"http"
        assert wire.ask(request("/plain")).body == b"http"


def test_a_subprotocol_is_one_of_those_offered(site: Running) -> None:
    """RFC 6455 section 4.2.2."""
    for offered in ((), ("Sec-WebSocket-Protocol: yours, Mine",)):
        with site.connect() as wire:
            assert wire.ask(handshake("/another-subprotocol", *offered)).status == 500
    site.logged("which the client does not offer")
    with site.connect() as wire:
        wire.send(handshake("/another-subprotocol", "Sec-WebSocket-Protocol: yours, mine"))
        assert b"\r\nSec-WebSocket-Protocol: mine\r\n" in wire.read_until(b"\r\n\r\n")


def test_wsgi_does_not_look_at_it(engine: str, tmp_path: Path) -> None:
    def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"hello"]

    with run(hello, engine, tmp_path) as site, site.connect() as wire:
        assert wire.ask(handshake()).body == b"hello"
        assert wire.ask(request()).body == b"hello"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"("), 1007),
        (frame(TEXT, b"naked", masked=False), 1002),
        (frame(TEXT, b"reserved", rsv=0x40), 1002),
        (frame(3, b"unknown"), 1002),
        (frame(CONTINUATION, b"of nothing"), 1002),
        (frame(PING, b"x" * 126), 1002),
        (close(1005), 1002),
    ],
    ids=("text", "cut text", "no mask", "reserved bit", "opcode", "continuation", "long ping", "code"),
)
def test_broken_by_the_client(site: Running, sent: bytes, code: int) -> None:
    line = talk(site)
    line.wire.send(sent)
    assert line.close_frame().code == code
    line.ended()
    assert told("/echo")["code"] == code


def test_cancelled_receives_lose_nothing(site: Running) -> None:
    line = talk(site, "/impatient")
    for number in range(100):
        line.send(TEXT, b"%d" % number)
        if number % 7 == 0:
            time.sleep(0.0015)  # so that some come while it is just being cancelled
    assert [line.message() for _ in range(100)] == [str(number) for number in range(100)]


def test_two_tasks(site: Running) -> None:
    line = talk(site, "/both-ways")
    for number in range(50):
        line.send(TEXT, b"%d" % number)
        assert line.message() == str(number)
    line.wire.send(close())
    assert line.close_frame().code == 1000


def test_idle_ones_are_kept(serve: Serve) -> None:
    """Keep-alive is for requests."""
    site = serve(app, timeout_keep_alive=0.05, timeout_head=0.05, timeout_body=0.05)
    line = talk(site)
    time.sleep(0.3)
    line.send(TEXT, b"still here")
    assert line.message() == "still here"


def answers(line: Talk, text: str) -> bool:
    line.send(TEXT, text.encode())
    return line.message() == text
