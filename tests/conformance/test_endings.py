"""Clients that half-close, vanish or stop in the middle."""

from __future__ import annotations

import contextlib
import time

import pytest

from tests.conformance.conftest import Serve
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import chunked, request

WHOLE = request("/echo", "X: y", method="POST", body=b"hello")
CHUNKED = request("/echo", "Transfer-Encoding: chunked", method="POST") + chunked(
    b"hello", b"world", trailers=b"X: y\r\n"
)


@pytest.mark.parametrize("target", ["/hello", "/stream", "/large?3000000", "/empty"])
def test_half_closed_client_gets_its_answer(target: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target))
        wire.half_close()
        answer = wire.read_to_end().only_answer()
    assert answer.status == 200
    assert len(answer.body) == {"/hello": 5, "/stream": 11, "/large?3000000": 3_000_000, "/empty": 0}[target]


def test_half_closed_client_gets_the_answer_to_its_body(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/echo", method="POST", body=b"x" * 500_000))
        wire.half_close()
        assert wire.read_to_end().only_answer().body == b"x" * 500_000


def test_half_close_while_the_application_runs(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/gate"))
        eventually(lambda: site.probe.started == ["/gate"], "the application is called")
        wire.half_close()
        site.probe.gate.set()
        assert wire.read_to_end().only_answer().body == b"hello"


def test_half_close_behind_an_answered_request(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request()).body == b"hello"
        wire.half_close()
        assert wire.read_to_end() == (b"", False)


@pytest.mark.parametrize("data", [WHOLE, CHUNKED], ids=["length", "chunked"])
def test_request_cut_anywhere(data: bytes, site: Running) -> None:
    """An incomplete request is never served: at most one answer that says so, then the end."""
    for length in range(len(data)):
        with site.connect() as wire:
            wire.send(data[:length])
            wire.half_close()
            answers = wire.read_to_end().answers()
        assert [answer.status for answer in answers] in ([], [400], [408]), length
    assert site.probe.finished == []


def test_connection_without_a_byte(site: Running) -> None:
    with site.connect() as wire:
        wire.half_close()
        assert wire.read_to_end() == (b"", False)
    with site.connect() as wire:
        wire.reset()
    assert site.log() == ""


@pytest.mark.parametrize("blank", [b"\r", b"\r\n", b"\r\n\r\n"])
def test_connection_with_blank_lines_only(blank: bytes, site: Running) -> None:
    with site.connect() as wire:
        wire.send(blank)
        wire.half_close()
        assert [answer.status for answer in wire.read_to_end().answers()] in ([], [400])


def test_resets_are_no_errors(site: Running) -> None:
    """A vanished client is its own affair: nothing on the error log."""
    half = request("/echo", "Content-Length: 1000", method="POST") + b"x" * 500
    sent = [
        b"",
        b"G",
        b"GET / HTT",
        request("/hello")[:-2],
        half,
        request("/hello"),
        request("/stream"),
        half * 3,
    ]
    for data in sent:
        wire = site.connect()
        wire.send(data)
        wire.reset()
    for target in ("/large?30000000", "/large-stream?30000000"):
        wire = site.connect(receive_buffer=4096)
        wire.send(request(target))
        wire.read_until(b"\r\n\r\n")
        wire.reset()
    with site.connect() as wire:
        assert wire.ask(request("/hello/after")).body == b"hello"
    eventually(lambda: "/hello/after" in site.probe.finished, "the server has caught up")
    eventually(lambda: len(site.probe.closed) >= 3, "the large answers are closed")
    assert [line for line in site.log().splitlines() if "ERROR" in line.upper() or "Traceback" in line] == []


def test_client_that_closes_without_reading(site: Running) -> None:
    for _ in range(20):
        wire = site.connect()
        wire.send(request("/hello") * 3)
        wire.socket.close()
    with site.connect() as wire:
        assert wire.ask(request()).body == b"hello"
    assert "Traceback" not in site.log()


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_input_behind_the_last_request_does_not_cost_its_answer(version: str, site: Running) -> None:
    """Old clients send a line end behind a body. It is not read any more, and a close with unread input is a reset."""
    with site.connect(receive_buffer=16384) as wire:
        wire.send(request("/large?1500000", "Connection: close", method="POST", version=version, body=b"abc"))
        head = wire.read_until(b"\r\n\r\n")
        wire.send(b"\r\n")
        ending = wire.read_to_end()
    assert head.startswith(b"HTTP/1.1 200 ")
    assert (len(ending.data), ending.reset) == (1_500_000, False)


def test_input_behind_a_large_answer_does_not_cost_the_rest_of_it(site: Running) -> None:
    """All of it is in the kernel, and the client has not taken it yet: a closed socket would answer with a reset."""
    with site.connect(receive_buffer=16384) as wire:
        wire.send(request("/large?500000", "Connection: close"))
        eventually(lambda: site.probe.closed == ["/large"], "the answer is written")
        wire.send(b"\r\n")
        wire.read_until(b"\r\n\r\n")
        ending = wire.read_to_end()
    assert (len(ending.data), ending.reset) == (500_000, False)


def test_clients_that_stay_hold_nobody_up(serve_probe: Serve) -> None:
    """What came behind their last request makes the server wait for their end, but not a thread of a pool."""
    site = serve_probe(threads=1)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            wire = stack.enter_context(site.connect())
            assert wire.ask(request("/hello", "Connection: close") + b"G").body == b"hello"
        with site.connect() as wire:
            began = time.monotonic()
            assert wire.ask(request()).body == b"hello"
            assert time.monotonic() - began < 1  # each would be waited for two seconds


def test_server_closes_its_side_cleanly(site: Running) -> None:
    """After `Connection: close` comes an orderly end even if the client goes on sending for a while."""
    with site.connect() as wire:
        wire.send(request("/hello", "Connection: close"))
        answer = wire.answer()
        for _ in range(20):
            wire.send(request("/hello/late"))
        assert answer.closes
        assert wire.read_to_end() == (b"", False)
    assert site.probe.started == ["/hello"]
