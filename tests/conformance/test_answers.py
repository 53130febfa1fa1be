"""Answers: how they are framed, what they carry, and what they never carry (RFC 9110 6, 8.6, 9.3.2, 15; RFC 9112 6)."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime

import h11
import pytest

from tests.support.answers import check_date
from tests.support.probe import INJECTIONS
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import request


@pytest.mark.parametrize(
    "target", ["/hello", "/stream", "/empty", "/bare", "/large?300000", "/raise", "/status?404"]
)
def test_h11_agrees(target: str, site: Running) -> None:
    """Our own strict reader and h11 read the same answer."""
    with site.connect() as wire:
        wire.send(request(target, "Connection: close"))
        ending = wire.read_to_end()
    ours = ending.only_answer()
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target=target, headers=[("Host", "a"), ("Connection", "close")]))
    client.send(h11.EndOfMessage())
    client.receive_data(ending.data)
    client.receive_data(b"")
    body = b""
    while True:
        event = client.next_event()
        if isinstance(event, h11.Response):
            assert event.status_code == ours.status
            assert list(event.headers.raw_items()) == ours.fields
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            break
    assert body == ours.body


def test_length_of_a_known_body(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/hello"))
    assert answer.framing == "length"
    assert answer.field(b"content-length") == b"5"
    assert answer.field(b"content-type") == b"text/plain"


def test_chunked_body_of_unknown_length(site: Running) -> None:
    with site.connect() as wire:
        # An answer that an ASGI application completes at once has a known length; this one is too large to wait for.
        answer = wire.ask(request("/large-stream?3000000"))
        assert wire.ask(request()).body == b"hello"
    assert answer.framing == "chunked"
    assert len(answer.body) == 3_000_000
    assert answer.field(b"content-length") is None


@pytest.mark.parametrize("target", ["/stream", "/bare", "/large-stream?200000"])
def test_no_transfer_encoding_for_http_1_0(target: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target, version="HTTP/1.0"))
        answer = wire.read_to_end().only_answer()
    assert answer.field(b"transfer-encoding") is None
    assert answer.framing in ("close", "length")


@pytest.mark.parametrize("target", ["/hello", "/empty", "/echo", "/large?100000"])
def test_length_is_right(target: str, site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request(target))
        assert answer.field(b"content-length") == b"%d" % len(answer.body)
        assert wire.ask(request()).body == b"hello"


def test_large_answers(site: Running) -> None:
    size = 5_000_001
    with site.connect() as wire:
        assert len(wire.ask(request(f"/large?{size}")).body) == size
        assert len(wire.ask(request(f"/large-stream?{size}")).body) == size
        assert wire.ask(request()).body == b"hello"


@pytest.mark.parametrize(
    "target", ["/hello", "/stream", "/empty", "/bare", "/large?100000", "/status?404", "/raise"]
)
def test_head_has_no_body(target: str, site: Running) -> None:
    """HEAD: the fields of GET without its body; the connection goes on right behind them."""
    with site.connect() as wire:
        whole = wire.ask(request(target))
        if whole.closes:
            return
        answer = wire.ask(request(target, method="HEAD"), method=b"HEAD")
        assert wire.ask(request("/hello/next")).body == b"hello"
    assert answer.status == whole.status
    assert answer.field(b"content-type") == whole.field(b"content-type")
    # RFC 9110 8.6: a length with HEAD must be that of GET; it may be left out.
    assert answer.field(b"content-length") in (None, whole.field(b"content-length"))
    if target == "/hello":
        assert answer.field(b"content-length") == b"5"


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_body(status: int, version: str, site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request(f"/status?{status}", "Connection: keep-alive", version=version))
        assert answer.status == status
        assert answer.field(b"x-probe") == b"1"
        assert answer.field(b"transfer-encoding") is None
        assert answer.field(b"content-length") in ((None,) if status == 204 else (None, b"0"))
        assert not answer.closes
        assert wire.ask(request("/hello", "Connection: keep-alive", version=version)).body == b"hello"


@pytest.mark.parametrize("status", [200, 201, 206, 301, 400, 404, 418, 451, 500, 503, 599])
def test_other_statuses_without_body_are_delimited(status: int, site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request(f"/status?{status}"))
        assert (answer.status, answer.body) == (status, b"")
        assert answer.framing in ("length", "chunked")
        assert wire.ask(request()).body == b"hello"


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_reset_content_says_that_it_is_empty(version: str, site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/status?205", "Connection: keep-alive", version=version))
        assert (answer.status, answer.body) == (205, b"")
        assert answer.field(b"content-length") == b"0"
        assert wire.ask(request("/hello", "Connection: keep-alive", version=version)).body == b"hello"


@pytest.mark.parametrize("status", [204, 205, 304])
def test_body_with_a_status_that_has_none(status: int, site: Running) -> None:
    """The application's error: not a byte of that body goes out, and nothing behind it is misread."""
    with site.connect() as wire:
        wire.send(request(f"/status-body?{status}") + request("/hello", "Connection: close"))
        answers = wire.read_to_end().answers()
    assert answers[0].status in (status, 500)
    assert answers[0].field(b"transfer-encoding") is None or answers[0].status == 500
    assert b"must not be sent" not in answers[0].body
    assert [answer.body for answer in answers[1:]] in ([], [b"hello"])
    assert site.logged("/status-body")


def test_date_is_now_and_moves(site: Running) -> None:
    with site.connect() as wire:

        def date() -> float:
            answer = wire.ask(request())
            check_date(answer)
            return parsedate_to_datetime((answer.field(b"date") or b"").decode()).timestamp()

        before = int(time.time())
        first = date()
        assert before <= first <= time.time()
        eventually(lambda: date() > first, "a later Date", within=2.5)


@pytest.mark.parametrize(
    "target", ["/hello", "/stream", "/status?204", "/status?304", "/status?404", "/raise", "/empty"]
)
def test_every_answer_has_a_date(target: str, site: Running) -> None:
    with site.connect() as wire:
        check_date(wire.ask(request(target)))


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "X"]
)
def test_every_method_reaches_the_application(method: str, site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/seen", method=method), method=method.encode())
        assert answer.status == 200
        if method != "HEAD":
            assert json.loads(answer.body)["method"] == method
        assert wire.ask(request()).body == b"hello"


def test_options_asterisk(site: Running) -> None:
    with site.connect() as wire:
        for _ in range(3):
            assert wire.ask(request("*", method="OPTIONS")).status == 200
        assert wire.ask(request()).body == b"hello"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("http://other.test/seen", "/seen", ""),
        ("http://other.test:81/seen?a=b", "/seen", "a=b"),
        ("HTTP://OTHER.test/seen?a=http://x/?y", "/seen", "a=http://x/?y"),
    ],
)
def test_absolute_form_wins_over_host(target: str, path: str, query: str, site: Running) -> None:
    """RFC 9112 3.2.2: the host of an absolute-form target replaces the Host field."""
    with site.connect() as wire:
        seen = json.loads(wire.ask(request(target, host="example.test")).body)
    assert (seen["path"], seen["query"]) == (path, query)
    hosts = [value for name, value in seen["fields"] if name == "host"]
    assert [host.lower() for host in hosts] == [target.split("/")[2].lower()]


def test_absolute_form_is_the_host_where_no_field_is(site: Running) -> None:
    """HTTP/1.0 needs none; what the target says is not lost."""
    with site.connect() as wire:
        wire.send(request("http://other.test:81/seen", host=None, version="HTTP/1.0"))
        seen = json.loads(wire.read_to_end().only_answer().body)
    assert [value for name, value in seen["fields"] if name == "host"] == ["other.test:81"]


def test_obs_text_in_values_both_ways(site: Running) -> None:
    with site.connect() as wire:
        wire.send(
            b"GET /seen HTTP/1.1\r\nHost: a\r\nX-Latin: \xe9\xff\x80\r\nX-Empty:\r\nX-Tab: a\tb\r\n\r\n"
        )
        seen = dict(json.loads(wire.answer().body)["fields"])
        assert wire.ask(request("/obs-text")).field(b"x-latin") == b"\xe9\xff"
    assert seen["x-latin"] == "\xe9\xff\x80"
    assert seen["x-empty"] == ""
    assert seen["x-tab"] == "a\tb"


def test_white_space_around_values_is_stripped(site: Running) -> None:
    with site.connect() as wire:
        wire.send(b"GET /seen HTTP/1.1\r\nHost: a\r\nX-A: \t b c \t\r\nX-B:d\r\nX-C: \t \r\n\r\n")
        seen = dict(json.loads(wire.answer().body)["fields"])
    assert (seen["x-a"], seen["x-b"], seen["x-c"]) == ("b c", "d", "")


@pytest.mark.parametrize("number", range(len(INJECTIONS)))
def test_response_header_injection_is_refused(number: int, site: Running) -> None:
    """Nothing of the field goes out: the application's error is answered with 500 and told on the error log."""
    with site.connect() as wire:
        wire.send(request(f"/inject?{number}") + request("/hello/behind"))
        ending = wire.read_to_end()
    assert b"Injected" not in ending.data
    answer = ending.only_answer()
    assert answer.status == 500
    assert answer.closes
    site.logged("/inject")


@pytest.mark.parametrize(
    ("target", "connection"), [("/upgrade", b"upgrade"), ("/upgrade?close", b"close, upgrade")]
)
def test_upgrade_is_named_in_connection(target: str, connection: bytes, site: Running) -> None:
    """RFC 9110 7.8, of whoever sends Upgrade: so with 426, which must have it."""
    with site.connect() as wire:
        answer = wire.ask(request(target))
        assert (answer.status, answer.field(b"upgrade"), answer.connection) == (426, b"chat/2", connection)
        if not answer.closes:
            assert wire.ask(request()).body == b"hello"


@pytest.mark.parametrize("target", ["/hello", "/raise"])
def test_server_names_itself_at_most_once(target: str, site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request(target))
    assert len(answer.all(b"server")) <= 1


def test_error_answers_are_complete(site: Running) -> None:
    """A person who meets one can read it."""
    with site.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\n\r\n")
        answer = wire.read_to_end().only_answer()
    assert answer.framing == "length"
    assert (answer.field(b"content-type") or b"").startswith(b"text/")
    assert answer.body.strip() != b""


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ("", 400),
        ("Host: a\r\nHost: a\r\n", 400),
        ("Host: a\r\nbad name: x\r\n", 400),
        ("Host: a\r\nContent-Length: 99999999999\r\n", 413),
        ("Host: a\r\nExpect: x\r\n", 417),
        ("Host: a\r\nX: " + "a" * 70000 + "\r\n", 431),
        ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
    ],
    ids=["host", "hosts", "name", "length", "expect", "large", "coding"],
)
@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
def test_refused_head_has_no_body(fields: str, status: int, split: bool, site: Running) -> None:
    """RFC 9110 9.3.2 knows no exception for errors, once the request line has been understood."""
    data = f"HEAD /hello HTTP/1.1\r\n{fields}\r\n".encode()
    with site.connect() as wire:
        if split:
            wire.send_split(data, seed=status)
        else:
            wire.send(data)
        answer = wire.read_to_end().only_answer(b"HEAD")
    assert answer.status == status
    assert answer.closes
    assert site.probe.started == []


def test_error_answer_to_head_has_no_body(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/raise", "Connection: close", method="HEAD"))
        answer = wire.read_to_end().only_answer(b"HEAD")
    assert answer.status == 500
