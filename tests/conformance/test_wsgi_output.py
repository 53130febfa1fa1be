"""start_response, write(), iterables and close() (PEP 3333, "The start_response() Callable" and on)."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest

from tests.conformance.conftest import Serve
from tests.support.routes import WsgiRoutes
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import chunked, request

TEXT = [("Content-Type", "text/plain")]
app = WsgiRoutes()
closed: list[str] = []
gate = threading.Event()


class Noted:
    """An iterable with a close() that is noted, and an optional length."""

    def __init__(self, name: str, pieces: Iterable[bytes], fails: bool = False) -> None:
        self.name, self.pieces, self.fails = name, iter(pieces), fails

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self.pieces)

    def close(self) -> None:
        closed.append(self.name)
        if self.fails:
            raise RuntimeError("close() broke")


class Safe(str):
    """As template engines mark text that needs no escaping; Django has such values in its headers."""

    __slots__ = ()


class Counted(list[bytes]):
    """A list that notes close()."""

    def close(self) -> None:
        closed.append("counted")


def simple(name: str, pieces: Any, status: str = "200 OK", fields: Any = TEXT) -> None:
    """Register an application that answers with `pieces()`."""

    @app.at(name)
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response(status, list(fields))
        return pieces() if callable(pieces) else pieces


simple("/one", lambda: [b"hello"])
simple("/two", lambda: [b"hel", b"lo"])
simple("/none", list)
simple("/none-generator", lambda: iter(()))
simple("/empty-piece", lambda: [b""])
simple("/empty-pieces", lambda: [b"", b"a", b"", b"b", b""])
simple("/tuple", lambda: (b"hello",))
simple("/counted", lambda: Counted([b"hello"]))
simple("/noted", lambda: Noted("noted", [b"a", b"b"]))
simple("/close-fails", lambda: Noted("close-fails", [b"a"], fails=True))
simple("/generator", lambda: (piece for piece in (b"a", b"b", b"c")))
simple("/endless", lambda: Noted("endless", itertools.repeat(b"x")))
simple("/text", lambda: ["hello"])
simple("/text-later", lambda: [b"hello", "text"])
simple("/not-iterable", lambda: None)
simple("/number", lambda: [5])
simple("/long-status", list, "299 A rather long reason, with (punctuation) & more")
simple("/no-reason", list, "299 ")
simple("/cookies", list, fields=[("Set-Cookie", "a=1"), ("X-A", "1"), ("Set-Cookie", "b=2"), ("X-B", "")])
simple("/own-date", list, fields=[("Date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("Server", "mine")])
simple("/safe", list, Safe("202 Safe"), fields=[(Safe("X-Safe"), Safe("<b>"))])
simple("/upgrade", list, "426 Upgrade Required", [("Upgrade", "TLS/1.3"), ("Connection", "upgrade")])
BAD_STATUSES: list[Any] = [
    "2000 OK",
    "OK",
    "20x OK",
    "",
    "099 X",
    "100 Continue",
    "200 O\r\nK",
    "200 O\nX: y",
    200,
    b"200 OK",
]
BAD_FIELDS: list[Any] = [
    [("X-A", 5)],
    [(b"X-A", b"b")],
    [("X-A", "\u5feb")],
    [("X A", "b")],
    [("X-A:", "b")],
    [("", "b")],
    [("X-A", "b\r\nX-Injected: c")],
    [("X-A", "b", "c")],
    [("Content-Length", "5, 5")],
    [("Content-Length", "0"), ("content-length", "5")],
]
for number, status in enumerate(BAD_STATUSES):
    simple(f"/bad-status-{number}", list, status)
for number, fields in enumerate(BAD_FIELDS):
    simple(f"/bad-fields-{number}", list, fields=fields)
simple(
    "/hop-by-hop",
    lambda: [b"a", b"b"],
    fields=[("Transfer-Encoding", "chunked"), ("Connection", "keep-alive")],
)


@app.at("/write")
def use_write(environ: dict[str, Any], start_response: Any) -> Any:
    write = start_response("200 OK", list(TEXT))
    write(b"written ")
    write(b"first, ")
    return Noted("write", [b"then ", b"returned"])


@app.at("/write-length")
def use_write_with_length(environ: dict[str, Any], start_response: Any) -> Any:
    write = start_response("200 OK", [*TEXT, ("Content-Length", "5")])
    write(b"hel")
    return [b"lo"]


@app.at("/write-only")
def use_write_only(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))(b"all")
    return []


@app.at("/write-many")
def use_write_often(environ: dict[str, Any], start_response: Any) -> Any:
    write = start_response("200 OK", list(TEXT))
    for _ in range(40):
        write(b"x" * 100_000)
    return []


@app.at("/write-text")
def write_text(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))("text")
    return []


@app.at("/late-start")
def start_in_the_generator(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("201 Created", list(TEXT))
    yield b"late"


@app.at("/no-start")
def never_start(environ: dict[str, Any], start_response: Any) -> Any:
    return [b"hello"]


@app.at("/two-starts")
def start_twice(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    start_response("201 Created", list(TEXT))
    return [b"hello"]


@app.at("/replaced")
def replace_the_answer(environ: dict[str, Any], start_response: Any) -> Any:
    """exc_info before the first byte replaces status and fields."""
    start_response("200 OK", [("X-First", "1"), ("Content-Length", "100")])
    try:
        raise ValueError("handled by the application")
    except ValueError:
        start_response("503 Replaced", [("X-Second", "2")], sys.exc_info())
    return [b"replaced"]


@app.at("/too-late")
def replace_too_late(environ: dict[str, Any], start_response: Any) -> Any:
    """exc_info behind the first byte raises the exception given."""
    write = start_response("200 OK", list(TEXT))
    write(b"begun")
    try:
        raise ValueError("too late to replace")
    except ValueError:
        start_response("503 Replaced", list(TEXT), sys.exc_info())
    return [b"never"]


@app.at("/stepwise")
def stepwise(environ: dict[str, Any], start_response: Any) -> Any:
    """The second piece is produced only after the client has said that it has the first."""
    start_response("200 OK", list(TEXT))
    yield b"first"
    assert gate.wait(5), "the client did not get the first piece"
    yield b"second"


def echo(environ: dict[str, Any], start_response: Any) -> Any:
    body = b"".join(iter(lambda: environ["wsgi.input"].read(1000), b""))
    environ["wsgi.errors"].flush()
    start_response("200 OK", [*TEXT, ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def generate(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))(b"written,")
    return iter([b"a", b"b"])


app.at("/validated")(validator(echo))
app.at("/validated-generator")(validator(generate))


@pytest.fixture
def site(serve: Serve) -> Running:
    closed.clear()
    gate.clear()
    return serve(app)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_wsgiref_finds_nothing_wrong(method: str, site: Running) -> None:
    with site.connect() as wire:
        for target in ("/validated", "/validated/a%20b%E5%BF%AB?c=d", "/validated-generator"):
            for sent in (
                request(target, method=method, body=b"hello"),
                request(target, "X-A: b", method=method),
            ):
                assert wire.ask(sent, method.encode()).status == 200, site.log()
            wire.send(request(target, "Transfer-Encoding: chunked", method=method) + chunked(b"a", b"b"))
            assert wire.answer(method.encode()).status == 200, site.log()
    with site.connect() as wire:
        wire.send(request("/validated", version="HTTP/1.0"))
        assert wire.read_to_end().only_answer().status == 200
    assert "Traceback" not in site.log()


@pytest.mark.parametrize(
    ("target", "body", "framing"),
    [
        ("/one", b"hello", "length"),
        ("/tuple", b"hello", "length"),
        ("/counted", b"hello", "length"),
        ("/none", b"", "length"),
        ("/two", b"hello", None),
        ("/none-generator", b"", None),
        ("/empty-piece", b"", None),
        ("/empty-pieces", b"ab", None),
        ("/noted", b"ab", "chunked"),
        ("/generator", b"abc", "chunked"),
        ("/write", b"written first, then returned", "chunked"),
        ("/write-length", b"hello", "length"),
        ("/write-only", b"all", "chunked"),
        ("/write-many", b"x" * 4_000_000, "chunked"),
    ],
)
def test_iterables(target: str, body: bytes, framing: str | None, site: Running) -> None:
    """An iterable of one known piece gets its Content-Length; nothing is ever counted wrong."""
    with site.connect() as wire:
        answer = wire.ask(request(target))
        assert (answer.status, answer.body) == (200, body)
        if framing:
            assert answer.framing == framing
        assert wire.ask(request("/one")).body == b"hello"
        wire.send(request(target, version="HTTP/1.0"))
        assert wire.read_to_end().only_answer().body == body
    assert "Traceback" not in site.log()


def test_pieces_leave_as_they_are_produced(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/stepwise"))
        wire.read_until(b"first\r\n")
        gate.set()
        wire.read_until(b"second\r\n")
        wire.read_until(b"0\r\n\r\n")


@pytest.mark.parametrize("target", ["/noted", "/counted", "/close-fails", "/write"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_close_is_called_once(target: str, method: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target, "Connection: close", method=method))
        wire.read_to_end().only_answer(method.encode())
    eventually(lambda: closed == [target[1:]], "close() was called once")
    if target == "/close-fails":
        site.logged("close() broke")


def test_head_of_an_endless_answer_ends(site: Running) -> None:
    """There is nobody who would have to go for it to end."""
    with site.connect() as wire:
        assert wire.ask(request("/endless", method="HEAD"), b"HEAD").status == 200
        assert wire.ask(request("/one")).body == b"hello"
    assert closed == ["endless"]


@pytest.mark.parametrize(
    "target", ["/text", "/not-iterable", "/number", "/no-start", "/two-starts", "/write-text"]
)
def test_broken_promises_are_answered_with_500(target: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target, "Connection: close"))
        assert wire.read_to_end().only_answer().status == 500
    site.logged(target)
    with site.connect() as wire:
        assert wire.ask(request("/one")).body == b"hello"


@pytest.mark.parametrize("number", range(10))
@pytest.mark.parametrize("kind", ["status", "fields"])
def test_bad_heads_are_answered_with_500(kind: str, number: int, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(f"/bad-{kind}-{number}", "Connection: close"))
        ending = wire.read_to_end()
    assert b"Injected" not in ending.data
    assert ending.only_answer().status == 500
    site.logged(f"/bad-{kind}-{number}")


def test_framing_is_not_the_applications(site: Running) -> None:
    """PEP 3333 forbids it hop-by-hop fields: refused or ignored, never sent on top of our own."""
    with site.connect() as wire:
        wire.send(request("/hop-by-hop", "Connection: close"))
        answer = wire.read_to_end().only_answer()
    assert (answer.status, answer.body) == (200, b"ab") or answer.status == 500


def test_text_behind_bytes(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/text-later", "Connection: close"))
        ending = wire.read_to_end()
    assert ending.data.startswith(b"HTTP/1.1 500") or not ending.data.endswith(b"0\r\n\r\n")
    site.logged("/text-later")


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [
        ("/long-status", 299, b"A rather long reason, with (punctuation) & more"),
        ("/late-start", 201, b"Created"),
    ],
)
def test_status_is_the_applications(target: str, status: int, reason: bytes, site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request(target))
    assert (answer.status, answer.reason) == (status, reason)


def test_subclasses_of_str_are_text(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/safe"))
    assert (answer.status, answer.reason, answer.field(b"x-safe")) == (202, b"Safe", b"<b>")


def test_what_offers_an_upgrade_names_it_in_connection(site: Running) -> None:
    """RFC 9110 section 7.8."""
    with site.connect() as wire:
        answer = wire.ask(request("/upgrade"))
        assert (answer.status, answer.field(b"upgrade")) == (426, b"TLS/1.3")
        assert (answer.field(b"connection") or b"").lower() == b"upgrade"
        assert wire.ask(request("/one")).body == b"hello"


def test_fields_keep_their_order_and_repeats(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/cookies"))
    own = [field for field in answer.fields if field[0].lower() in (b"set-cookie", b"x-a", b"x-b")]
    assert own == [(b"Set-Cookie", b"a=1"), (b"X-A", b"1"), (b"Set-Cookie", b"b=2"), (b"X-B", b"")]


def test_date_and_server_of_the_application_win(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/own-date"))
    assert answer.field(b"date") == b"Thu, 01 Jan 1970 00:00:00 GMT"
    assert answer.field(b"server") == b"mine"


def test_exc_info_before_the_first_byte_replaces_the_answer(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/replaced"))
    assert (answer.status, answer.body) == (503, b"replaced")
    assert answer.field(b"x-first") is None
    assert answer.field(b"x-second") == b"2"


def test_exc_info_behind_the_first_byte_is_raised(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/too-late"))
        ending = wire.read_to_end()
    assert b"never" not in ending.data
    assert not ending.data.endswith(b"0\r\n\r\n") or ending.data.startswith(b"HTTP/1.1 500")
    assert "too late to replace" in site.logged("Traceback")
