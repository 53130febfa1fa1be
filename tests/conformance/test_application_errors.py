"""What the client and the error log get when an application breaks its promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.answers import MalformedAnswer, read_answer, read_head
from tests.support.probe import BEFORE, MIDWAY, AsgiProbe, WsgiProbe
from tests.support.servers import Running, run
from tests.support.waiting import eventually
from tests.support.wire import Ending, request


def is_cut_short(ending: Ending) -> bool:
    """Whether the client can tell that the answer is incomplete."""
    if ending.reset:
        return True
    try:
        return read_answer(ending.data, ended=False) is None
    except MalformedAnswer:
        return False


@pytest.mark.parametrize("target", ["/raise", "/raise-started"])
def test_exception_before_the_first_byte(target: str, site: Running) -> None:
    with site.connect() as wire:
        answer = wire.ask(request(target))
    assert answer.status == 500
    assert BEFORE.encode() not in answer.body
    said = site.logged(BEFORE)
    assert "Traceback" in said
    assert "RuntimeError" in said
    assert said.count(BEFORE) == 1


@pytest.mark.parametrize("target", ["/midway", "/midway-length"])
def test_exception_behind_the_first_byte(target: str, site: Running) -> None:
    """No status can be sent any more: the answer is visibly cut short, never completed."""
    with site.connect() as wire:
        wire.send(request(target) + request("/hello/behind"))
        ending = wire.read_to_end()
    if not ending.data.startswith(b"HTTP/1.1 500"):
        assert is_cut_short(ending)
        assert not ending.data.endswith(b"0\r\n\r\n")
    assert ending.data.count(b"HTTP/1.1 ") == 1
    assert "Traceback" in site.logged(MIDWAY)
    assert site.probe.started == [target]


def test_exception_behind_the_first_byte_for_http_1_0(site: Running) -> None:
    """A close-delimited body has no other way to be visibly short than a reset (or an answer of 500)."""
    with site.connect() as wire:
        wire.send(request("/midway", version="HTTP/1.0"))
        wire.read_to_end()
    site.logged(MIDWAY)


def test_request_behind_an_exception_is_answered_or_the_connection_closed(site: Running) -> None:
    for _ in range(20):
        with site.connect() as wire:
            answer = wire.ask(request("/raise"))
            assert answer.status == 500
            if answer.closes:
                assert wire.read_to_end().data == b""
            else:
                assert wire.ask(request()).body == b"hello"


@pytest.mark.parametrize("target", ["/short", "/short-once"])
def test_body_shorter_than_its_length(target: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target) + request("/hello/behind"))
        ending = wire.read_to_end()
    if ending.data.startswith(b"HTTP/1.1 500"):
        assert ending.only_answer().closes
    else:
        assert is_cut_short(ending)
        head = read_head(ending.data, 0)
        assert head is not None
        assert ending.data[head[3] :] == b"abcde"
    assert site.probe.started == [target]
    site.logged(target)


@pytest.mark.parametrize("target", ["/long", "/long-once"])
def test_body_longer_than_its_length(target: str, site: Running) -> None:
    with site.connect() as wire:
        wire.send(request(target) + request("/hello/behind"))
        ending = wire.read_to_end()
    if not is_cut_short(ending):
        answer = ending.only_answer()
        assert (answer.status, answer.body) == (200, b"abcde") or answer.status == 500
    assert b"fgh" not in ending.data
    assert site.probe.started == [target]
    site.logged(target)


def test_body_longer_than_its_length_to_head_is_not_sent(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/long", "Connection: close", method="HEAD"))
        assert wire.read_to_end().only_answer(b"HEAD").status in (200, 500)


def test_the_application_is_closed_on_every_ending(site: Running) -> None:
    targets = ["/hello", "/midway", "/short", "/long", "/stream", "/large?2000000", "/status?304"]
    for target in targets:
        with site.connect() as wire:
            wire.send(request(target, "Connection: close"))
            wire.read_to_end()
    paths = sorted(target.split("?")[0] for target in targets)
    eventually(lambda: sorted(site.probe.closed) == paths, f"{paths} closed once each")


def test_the_application_is_closed_when_the_client_vanishes(site: Running) -> None:
    with site.connect(receive_buffer=4096) as wire:
        wire.send(request("/large?200000000"))
        wire.read_until(b"\r\n\r\n")
        wire.reset()
    eventually(lambda: site.probe.closed == ["/large"], "the application is closed")
    assert "Traceback" not in site.log()
    assert "ERROR" not in site.log().upper()


def test_errors_dont_hurt_the_next_connection(site: Running) -> None:
    for target in ("/raise", "/midway", "/short", "/long", "/inject?0"):
        with site.connect() as wire:
            wire.send(request(target, "Connection: close"))
            wire.read_to_end()
        with site.connect() as wire:
            assert wire.ask(request()).body == b"hello"


@pytest.mark.parametrize("error", ["SystemExit", "GeneratorExit"])
def test_no_exception_ends_the_server(error: str, engine: str, interface: str, tmp_path: Path) -> None:
    """Not even those that are no Exception: the server belongs to everybody, the request to one."""
    with run(WsgiProbe() if interface == "wsgi" else AsgiProbe(), engine, tmp_path) as site:
        with site.connect(patience=3) as wire:
            wire.send(request(f"/exit/{error}", "Connection: close"))
            assert wire.read_to_end().only_answer().status == 500
        with site.connect(patience=3) as wire:
            assert wire.ask(request()).body == b"hello"
        site.logged(error)
