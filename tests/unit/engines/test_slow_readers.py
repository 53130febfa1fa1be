"""A peer that reads slowly keeps no thread of the engines that have a bounded number of them."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

import pytest

from tests.support.servers import run
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

MEGABYTES = 8  # more than the kernel's buffers hold
PIECE = bytes(range(256)) * 4096  # a megabyte


def whole(environ, start_response):
    start_response("200 OK", [("Content-Length", str(MEGABYTES * len(PIECE)))])
    return [PIECE * MEGABYTES]


def streamed(environ, start_response):
    start_response("200 OK", [("Content-Length", str(MEGABYTES * len(PIECE)))])
    return (PIECE for _ in range(MEGABYTES))


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/quick":
        start_response("200 OK", [("Content-Length", "5")])
        return [b"quick"]
    if path == "/slow":
        time.sleep(0.01)  # so that auto hands it on
    answer = streamed if environ["QUERY_STRING"] == "streamed" else whole
    return answer(environ, start_response)


@pytest.fixture(params=["pool", "auto"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read_all(wire: Wire) -> bytes:
    with contextlib.closing(wire.socket), wire.socket.makefile("rb") as stream:
        while stream.readline() != b"\r\n":
            pass
        return stream.read(MEGABYTES * len(PIECE))


@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_others_are_answered_and_the_slow_get_everything(name: str, kind: str, tmp_path: Path) -> None:
    with run(app, name, tmp_path, threads=2) as site:
        readers = [site.connect(receive_buffer=32768) for _ in range(6)]
        for wire in readers:
            wire.send(request(f"/slow?{kind}"))
        for wire in readers:
            assert wire.socket.recv(1, socket.MSG_PEEK) == b"H"
        for _ in range(20):
            with site.connect() as wire:
                began = time.monotonic()
                assert wire.ask(request("/quick")).body == b"quick"
                assert time.monotonic() - began < 1
        for wire in readers:
            assert read_all(wire) == PIECE * MEGABYTES
        eventually(lambda: site.server.status()["requests"]["running"] == 0, "the last one is over")
        assert site.log() == ""


def test_one_that_takes_nothing_is_given_up(name: str, tmp_path: Path) -> None:
    with run(app, name, tmp_path, threads=1, timeout_write=0.3) as site:
        readers = [site.connect(receive_buffer=32768) for _ in range(3)]
        for number, wire in enumerate(readers):
            wire.send(request(f"/slow?{'streamed' if number else 'whole'}"))
            assert wire.socket.recv(1, socket.MSG_PEEK) == b"H"
        eventually(lambda: site.server.status()["open_connections"] == 0, "they are given up")
        for wire in readers:
            assert wire.read_to_end().reset


def test_one_that_leaves_is_noticed(name: str, tmp_path: Path) -> None:
    with run(app, name, tmp_path, threads=1) as site:
        readers = [site.connect(receive_buffer=32768) for _ in range(3)]
        for number, wire in enumerate(readers):
            wire.send(request(f"/slow?{'streamed' if number else 'whole'}"))
            assert wire.socket.recv(1, socket.MSG_PEEK) == b"H"
        for wire in readers:
            wire.reset()
        eventually(lambda: site.server.status()["open_connections"] == 0, "they are gone")
        with site.connect() as wire:
            assert wire.ask(request("/quick")).body == b"quick"


@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_what_comes_behind_it_is_answered(name: str, kind: str, tmp_path: Path) -> None:
    with run(app, name, tmp_path, threads=1) as site, site.connect(receive_buffer=32768) as wire:
        wire.send(request(f"/slow?{kind}"))
        assert wire.socket.recv(1, socket.MSG_PEEK) == b"H"
        with site.connect() as other:
            assert other.ask(request("/quick")).body == b"quick"
        wire.send(request("/quick"))
        with wire.socket.makefile("rb") as stream:
            while stream.readline() != b"\r\n":
                pass
            assert stream.read(MEGABYTES * len(PIECE)) == PIECE * MEGABYTES
            while stream.readline() != b"\r\n":
                pass
            assert stream.read(5) == b"quick"
        assert wire.ask(request("/quick")).body == b"quick"


def test_a_stop_cuts_it(name: str, tmp_path: Path) -> None:
    with run(app, name, tmp_path, threads=1, timeout_drain=0.2) as site:
        readers = [site.connect(receive_buffer=32768) for _ in range(3)]
        for number, wire in enumerate(readers):
            wire.send(request(f"/slow?{'streamed' if number else 'whole'}"))
            assert wire.socket.recv(1, socket.MSG_PEEK) == b"H"
        began = time.monotonic()
        site.server.stop()
        assert time.monotonic() - began < 2
        for wire in readers:
            assert len(wire.read_to_end().data) < MEGABYTES * len(PIECE)
    assert "does not return" not in site.log()
