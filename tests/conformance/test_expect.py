"""Expect: 100-continue (RFC 9110 10.1.1)."""

from __future__ import annotations

import pytest

from tests.support.servers import Running
from tests.support.wire import chunked, request

EXPECT = "Expect: 100-continue"


@pytest.mark.parametrize("expect", [EXPECT, "expect: 100-Continue", "EXPECT:100-CONTINUE"])
def test_continue_before_the_body(expect: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/echo", expect, "Content-Length: 5", method="POST"))
        assert wire.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        assert wire.ask(b"hello").body == b"hello"
        assert wire.ask(request()).body == b"hello"


def test_continue_before_a_chunked_body(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/echo", EXPECT, "Transfer-Encoding: chunked", method="POST"))
        assert wire.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        assert wire.ask(chunked(b"hel", b"lo")).body == b"hello"


def test_continue_only_once(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/echo", EXPECT, "Content-Length: 5", method="POST"))
        wire.read_until(b"\r\n\r\n")
        for piece in (b"h", b"e", b"l", b"l"):
            wire.send(piece)
        assert wire.ask(b"o").interim == []


def test_no_continue_when_the_body_is_there(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/echo", EXPECT, method="POST", body=b"hello"))
    assert answer.interim == []
    assert answer.body == b"hello"


def test_no_continue_for_http_1_0(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/echo", EXPECT, "Content-Length: 5", method="POST", version="HTTP/1.0"))
        wire.send(b"hello")
        answer = wire.read_to_end().only_answer()
    assert answer.interim == []
    assert answer.body == b"hello"


def test_no_continue_without_a_body(site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request("/echo", EXPECT, "Content-Length: 0", method="POST"))
        assert (answer.interim, answer.body) == ([], b"")
        answer = wire.ask(request("/hello", EXPECT))
        assert (answer.interim, answer.body) == ([], b"hello")


@pytest.mark.parametrize("framing", ["Content-Length: 5", "Transfer-Encoding: chunked"])
def test_no_continue_when_the_application_does_not_read(framing: str, early_site: Running) -> None:
    """The final answer comes at once. As the client may or may not send the body then, the connection must end."""
    with early_site.connect() as wire:
        wire.send(request("/unread", EXPECT, framing, method="POST"))
        answer = wire.read_to_end().only_answer()
    assert answer.interim == []
    assert answer.body == b"hello"
    assert answer.closes


def test_gathered_body_is_invited(site: Running) -> None:
    """An engine that gathers bodies first must invite them whatever the application does."""
    if not site.gathers_bodies:
        pytest.skip("this engine calls the application first")
    with site.connect() as wire:
        wire.send(request("/unread", EXPECT, "Content-Length: 5", method="POST"))
        assert wire.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        assert wire.ask(b"hello").body == b"hello"
        assert wire.ask(request()).body == b"hello"


def test_no_request_is_read_from_the_withheld_body(early_site: Running) -> None:
    with early_site.connect() as wire:
        wire.send(request("/unread", EXPECT, "Content-Length: 1000", method="POST"))
        assert wire.answer().body == b"hello"
        wire.send(request("/smuggled"))
        assert wire.read_to_end().data == b""
    assert early_site.probe.started == ["/unread"]


def test_error_instead_of_continue(early_site: Running) -> None:
    with early_site.connect() as wire:
        answer = wire.ask(request("/raise", EXPECT, "Content-Length: 5", method="POST"))
    assert answer.status == 500
    assert answer.interim == []


def test_continue_behind_a_pipelined_request(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/hello") + request("/echo", EXPECT, "Content-Length: 5", method="POST"))
        assert wire.answer().body == b"hello"
        assert wire.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        wire.send(b"hello" + request("/hello/next"))
        assert [wire.answer().body, wire.answer().body] == [b"hello", b"hello"]


def test_client_that_does_not_wait(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/echo", EXPECT, "Content-Length: 300000", method="POST"))
        wire.send(b"x" * 300_000 + request("/hello/next"))
        assert wire.answer().body == b"x" * 300_000
        assert wire.answer().body == b"hello"


def test_two_expect_fields(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/echo", EXPECT, "Expect: other", method="POST", body=b"hello"))
        assert wire.read_to_end().only_answer().status == 417
