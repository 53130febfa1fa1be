"""When a connection persists and when it ends (RFC 9112 9.3, 9.6)."""

from __future__ import annotations

import pytest

from tests.support.answers import check_date
from tests.support.servers import Running
from tests.support.wire import chunked, request

CLOSING = [
    "close",
    "Close",
    "CLOSE",
    "close, x",
    "x, close",
    "x,close ,y",
    " close",
    "\tclose\t",
    "keep-alive, close",
    "close,,",
]
KEEPING = [
    "keep-alive",
    "Keep-Alive",
    "x",
    "closed",
    "not-close",
    "xclose",
    '"close"',
    "",
    "upgrade",
    "close-not, x",
]
KEEPING_1_0 = [
    "keep-alive",
    "Keep-Alive",
    "KEEP-ALIVE",
    "x, keep-alive",
    "keep-alive, x",
    " keep-alive ",
    "x ,keep-alive,y",
]


def test_many_requests_on_one_connection(site: Running) -> None:
    with site.connect() as wire:
        for number in range(50):
            answer = wire.ask(request(f"/hello/{number}"))
            assert (answer.status, answer.body) == (200, b"hello")
            assert not answer.closes
            check_date(answer)
    assert len(site.probe.finished) == 50


@pytest.mark.parametrize("option", CLOSING)
def test_close_is_obeyed(option: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/hello", f"Connection: {option}") + request("/hello/behind"))
        answer = wire.read_to_end().only_answer()
    assert answer.body == b"hello"
    assert answer.connection == b"close"
    assert site.probe.started == ["/hello"]


def test_close_in_a_second_field_is_obeyed(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/hello", "Connection: keep-alive", "Connection: x, close"))
        assert wire.read_to_end().only_answer().connection == b"close"


@pytest.mark.parametrize("option", KEEPING)
def test_anything_but_close_persists(option: str, site: Running) -> None:
    with site.connect() as wire:
        assert not wire.ask(request("/hello", f"Connection: {option}")).closes
        assert wire.ask(request("/hello")).body == b"hello"


@pytest.mark.parametrize("field", ["X-Connection: close", "Proxy-Connection: close", "Keep-Alive: close"])
def test_other_fields_dont_close(field: str, site: Running) -> None:
    with site.connect() as wire:
        assert not wire.ask(request("/hello", field)).closes
        assert wire.ask(request("/hello")).body == b"hello"


@pytest.mark.parametrize("target", ["/hello", "/stream", "/empty", "/bare", "/echo"])
def test_http_1_0_ends_by_default(target: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target, version="HTTP/1.0") + request("/hello/behind", version="HTTP/1.0"))
        answer = wire.read_to_end().only_answer()
    assert answer.status == 200
    assert b"keep-alive" not in answer.connection
    assert site.probe.started == [target]


@pytest.mark.parametrize("option", KEEPING_1_0)
def test_http_1_0_persists_on_request(option: str, site: Running) -> None:
    with site.connect() as wire:
        for number in range(3):
            answer = wire.ask(request(f"/hello/{number}", f"Connection: {option}", version="HTTP/1.0"))
            assert answer.body == b"hello"
            assert answer.connection == b"keep-alive"
            assert answer.framing == "length"
        wire.send(request("/hello", version="HTTP/1.0"))
        assert b"keep-alive" not in wire.read_to_end().only_answer().connection


@pytest.mark.parametrize("option", ["keep-alive, close", "close, keep-alive"])
def test_http_1_0_close_wins(option: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/hello", f"Connection: {option}", version="HTTP/1.0"))
        assert b"keep-alive" not in wire.read_to_end().only_answer().connection


def test_http_1_0_body_of_unknown_length_ends_the_connection(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/large-stream?3000000", "Connection: keep-alive", version="HTTP/1.0"))
        answer = wire.read_to_end().only_answer()
    assert answer.framing == "close"
    assert len(answer.body) == 3_000_000
    assert b"keep-alive" not in answer.connection


def test_versions_take_turns(site: Running) -> None:
    with site.connect() as wire:
        assert (
            wire.ask(request("/hello", "Connection: keep-alive", version="HTTP/1.0")).connection
            == b"keep-alive"
        )
        assert wire.ask(request("/large-stream?3000000")).framing == "chunked"
        assert (
            wire.ask(request("/hello", "Connection: keep-alive", version="HTTP/1.0")).connection
            == b"keep-alive"
        )
        wire.send(request("/large-stream?3000000", version="HTTP/1.0"))
        assert wire.read_to_end().only_answer().framing == "close"


@pytest.mark.parametrize("body", [b"hello", b"x" * 100_000])
def test_bodies_between_requests(body: bytes, site: Running) -> None:
    with site.connect() as wire:
        for number in range(5):
            assert wire.ask(request("/echo", method="POST", body=body)).body == body
            assert wire.ask(request(f"/hello/{number}")).body == b"hello"
            wire.send(request("/echo", "Transfer-Encoding: chunked", method="POST") + chunked(body, b"!"))
            assert wire.answer().body == body + b"!"


@pytest.mark.parametrize("between", [b"\r\n", b"\r\n\r\n"])
def test_blank_lines_between_requests(between: bytes, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request() + between + request() + between + request("/hello", "Connection: close"))
        assert [answer.status for answer in wire.read_to_end().answers()] == [200, 200, 200]


def test_three_blank_lines_between_requests(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request() + b"\r\n\r\n\r\n" + request())
        assert [answer.status for answer in wire.read_to_end().answers()] == [200, 400]


def test_many_connections_at_once(site: Running) -> None:
    wires = [site.connect() for _ in range(64)]
    try:
        for _ in range(3):
            for wire in wires:
                wire.send(request("/echo", method="POST", body=b"a"))
            for wire in wires:
                assert wire.answer().body == b"a"
    finally:
        for wire in wires:
            wire.socket.close()
