"""Request bodies: however they are framed, cut and left unread."""

from __future__ import annotations

import json

import pytest

from tests.conformance.conftest import Serve
from tests.support.servers import Running
from tests.support.wire import chunked, request

CHUNKED = "Transfer-Encoding: chunked"
UNUSUAL = b"0005;a=b\r\nhello\r\n1;x\r\n \r\nA\r\nabcdefghij\r\n000;last\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"


def test_chunked_split_at_every_byte(site: Running) -> None:
    head = request("/echo", CHUNKED, method="POST")
    with site.connect() as wire:
        for place in range(len(head) - 4, len(head) + len(UNUSUAL)):
            data = head + UNUSUAL
            wire.send_pieces((data[:place], data[place:]))
            assert wire.answer().body == b"hello abcdefghij"


@pytest.mark.parametrize(
    "size", [0, 1, 15, 16, 4095, 4096, 65535, 65536, 65537, 262144, 262145, 1_000_000, 3_000_000]
)
def test_every_size_both_ways(size: int, site: Running) -> None:
    body = (b"0123456789" * (size // 10 + 1))[:size]
    with site.connect() as wire:
        wire.send(request("/echo", method="POST", body=body))
        assert wire.answer().body == body
        pieces = [body[at : at + 30_011] for at in range(0, size, 30_011)]
        wire.send(request("/echo", CHUNKED, method="POST") + chunked(*pieces))
        assert wire.answer().body == body
        assert wire.ask(request()).body == b"hello"


def test_trailers_are_never_merged_into_the_fields(site: Running) -> None:
    trailers = b"X-Smuggled: 1\r\nAuthorization: secret\r\nX-Twice: 2\r\n"
    with site.connect() as wire:
        wire.send(request("/seen", CHUNKED, "X-Twice: 1", method="POST") + chunked(b"a", trailers=trailers))
        seen = dict(json.loads(wire.answer().body)["fields"])
        assert wire.ask(request()).body == b"hello"
    assert seen["x-twice"] == "1"
    assert not {"x-smuggled", "authorization"} & set(seen)


def test_body_that_arrives_late(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/echo", "Content-Length: 10", method="POST"))
        for piece in (b"01", b"234", b"5678", b"9"):
            wire.send(piece)
        assert wire.answer().body == b"0123456789"


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("size", [1, 5000, 60_000])
def test_small_unread_body_is_drained(framing: str, size: int, site: Running) -> None:
    """Up to 64 KiB are read away so that the connection can serve the next request."""
    body = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".ljust(size, b"x")[:size]
    sent = request("/unread", CHUNKED, method="POST") + chunked(body)
    if framing == "length":
        sent = request("/unread", method="POST", body=body)
    with site.connect() as wire:
        answer = wire.ask(sent)
        assert answer.body == b"hello"
        assert not answer.closes
        assert wire.ask(request("/hello/next")).body == b"hello"
    assert site.probe.started == ["/unread", "/hello/next"]


def test_small_unread_body_that_comes_after_the_answer(early_site: Running) -> None:
    with early_site.connect() as wire:
        answer = wire.ask(request("/unread", "Content-Length: 1000", method="POST"))
        if answer.closes:
            return
        wire.send(b"x" * 1000 + request("/hello/next"))
        assert wire.answer().body == b"hello"
    assert early_site.probe.started == ["/unread", "/hello/next"]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_large_unread_body_ends_the_connection(framing: str, early_site: Running) -> None:
    body = b"x" * 1_000_000
    sent = request("/unread", CHUNKED, method="POST") + chunked(body)
    if framing == "length":
        sent = request("/unread", method="POST", body=body)
    with early_site.connect() as wire:
        ending = wire.ask_to_end(sent + request("/hello/behind"), half_close=True)
    answer = ending.answers()[0] if not ending.reset else None
    assert answer is None or (answer.body == b"hello" and len(ending.answers()) == 1)
    assert early_site.probe.started == ["/unread"]


def test_answer_to_a_large_unread_body_can_be_read_before_it_is_sent(early_site: Running) -> None:
    with early_site.connect() as wire:
        answer = wire.ask(request("/unread", "Content-Length: 100000000", method="POST"))
        assert answer.body == b"hello"
        wire.half_close()
        assert wire.read_to_end().data == b""
    assert early_site.probe.started == ["/unread"]


def test_early_answer_of_a_kept_connection_never_reads_the_body_as_a_request(site: Running) -> None:
    body = request("/smuggled") * 20
    with site.connect() as wire:
        for _ in range(5):
            assert wire.ask(request("/unread", method="POST", body=body)).body == b"hello"
    assert "/smuggled" not in site.probe.started


def test_bad_chunk_behind_an_early_answer(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/unread", CHUNKED, method="POST") + b"5\r\nhelloXX" + request("/hello/behind"))
        answer = wire.read_to_end().only_answer()
    assert answer.status in (200, 400)
    assert "/hello/behind" not in site.probe.started


def test_body_limit_from_content_length(serve_probe: Serve) -> None:
    site = serve_probe(limit_body=1000)
    with site.connect() as wire:
        assert wire.ask(request("/echo", method="POST", body=b"x" * 1000)).body == b"x" * 1000
        # Not a byte of the body is sent: the length alone is refused.
        wire.send(request("/echo", "Content-Length: 1001", method="POST"))
        answer = wire.read_to_end().only_answer()
    assert answer.status == 413
    assert answer.closes
    assert len(site.probe.started) == 1


def test_body_limit_while_chunked(serve_probe: Serve) -> None:
    site = serve_probe(limit_body=1000)
    with site.connect() as wire:
        wire.send(request("/echo", CHUNKED, method="POST") + chunked(b"x" * 600, b"y" * 400))
        assert wire.answer().body == b"x" * 600 + b"y" * 400
        wire.send(request("/echo", CHUNKED, method="POST") + b"258\r\n" + b"x" * 600 + b"\r\n191\r\n")
        answer = wire.read_to_end().only_answer()
    assert answer.status == 413
    assert answer.closes
    assert len(site.probe.finished) == 1


def test_body_limit_with_expectation(serve_probe: Serve) -> None:
    site = serve_probe(limit_body=1000)
    with site.connect() as wire:
        wire.send(request("/echo", "Content-Length: 1001", "Expect: 100-continue", method="POST"))
        answer = wire.read_to_end().only_answer()
    assert answer.status == 413
    assert answer.interim == []


def test_body_larger_than_memory_allows(serve_probe: Serve) -> None:
    """Past `limit_body_memory` a body may spill to a temporary file; the application sees no difference."""
    site = serve_probe(limit_body_memory=1000)
    body = bytes(range(256)) * 4000
    with site.connect() as wire:
        assert wire.ask(request("/echo", method="POST", body=body)).body == body
        wire.send(request("/echo", CHUNKED, method="POST") + chunked(body, body))
        assert wire.answer().body == body + body
