"""Files that leave by kernel TLS are the bytes that they are, over every engine, with what comes between and after.

Where the kernel has no TLS (`modprobe tls` loads it) these are skipped.
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.kernel_tls.sites import (
    CONTENT,
    MEDIUM,
    SMALL,
    in_kernel,
    sealed,
    sealer,
    tls_of,
)
from tests.support.sealed import EverythingSealed, certificates
from tests.support.servers import Running, run
from tests.support.waiting import eventually
from tests.support.wire import request

pytestmark = pytest.mark.skipif(EverythingSealed.on, reason="these tests seal their connections themselves")


@in_kernel
def test_files_and_what_comes_between_them(site: Running) -> None:
    with sealed(site) as wire:
        assert wire.ask(request("/small.txt")).body == SMALL
        assert sealer(site) == "openssl"
        for _ in range(2):
            assert wire.ask(request("/large.bin")).body == CONTENT
            assert sealer(site) == "kernel"
            assert wire.ask(request("/small.txt")).body == SMALL
            part = wire.ask(request("/large.bin", "Range: bytes=1000001-2000000"))
            assert (part.status, part.body) == (206, CONTENT[1_000_001:2_000_001])
            assert wire.ask(request("/large.bin", method="HEAD"), b"HEAD").body == b""
            assert wire.ask(request("/nowhere")).status == 404
    assert site.log() == ""


@in_kernel
def test_pipelined_and_to_the_end(site: Running) -> None:
    asked = ["/medium.bin", "/small.txt", "/medium.bin", "/medium.bin"]
    with sealed(site) as wire:
        wire.send(b"".join(map(request, asked)) + request("/small.txt", "Connection: close"))
        answers = wire.read_to_end().answers()
        assert [answer.body for answer in answers] == [MEDIUM, SMALL, MEDIUM, MEDIUM, SMALL]
        assert not tls_of(wire).truncated


@in_kernel
def test_a_slow_reader_gets_all_of_it_and_the_orderly_end(site: Running) -> None:
    with sealed(site, receive_buffer=4096) as wire:
        wire.send(
            request("/medium.bin", "Range: bytes=0-299999") + request("/medium.bin", "Connection: close")
        )
        time.sleep(0.2)  # the socket is full by then, which the answer's end must outlive
        first, second = wire.read_to_end().answers()
        assert (first.body, second.body) == (MEDIUM[:300_000], MEDIUM)
        assert not tls_of(wire).truncated


@in_kernel
def test_a_half_close_after_a_file(site: Running) -> None:
    with sealed(site) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        tls_of(wire).tls.write(request("/medium.bin"))
        tls_of(wire).flush()
        tls_of(wire).raw.shutdown(socket.SHUT_WR)
        assert wire.read_to_end().only_answer().body == MEDIUM
        assert not tls_of(wire).truncated


@in_kernel
def test_a_peer_that_has_finished_is_served_by_openssl(site: Running) -> None:
    """The kernel begins only where both directions are open."""
    with sealed(site) as wire:
        tls_of(wire).tls.write(request("/medium.bin"))
        tls_of(wire).flush()
        tls_of(wire).raw.shutdown(socket.SHUT_WR)
        assert wire.read_to_end().only_answer().body == MEDIUM
    assert site.log() == ""


@in_kernel
def test_a_resumed_session(site: Running) -> None:
    context = certificates().client()
    with sealed(site, context=context) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        session = tls_of(wire).tls.session
    with sealed(site, context=context, session=session) as wire:
        assert tls_of(wire).tls.session_reused
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        assert sealer(site) == "kernel"


@in_kernel
def test_a_reader_that_takes_nothing_is_cut_off_visibly(
    engine: str, folder: str, tmp_path: Path, settings: dict[str, Any]
) -> None:
    with (
        run(folder, engine, tmp_path, **settings, timeout_write=1.0) as running,
        sealed(running, receive_buffer=4096) as wire,
    ):
        wire.send(request("/large.bin"))
        eventually(lambda: not running.server.status()["connections"], "it is given up", within=60)
        ending = wire.read_to_end()
        assert ending.reset or tls_of(wire).truncated
        assert len(ending.data) < len(CONTENT)


@in_kernel
def test_a_drain_ends_it_in_order(engine: str, folder: str, tmp_path: Path, settings: dict[str, Any]) -> None:
    """One connection has been answered, to another a file is on its way."""
    with (
        run(folder, engine, tmp_path, **settings) as running,
        sealed(running) as idle,
        sealed(running, receive_buffer=4096) as slow,
        ThreadPoolExecutor(1) as beside,
    ):
        assert idle.ask(request("/medium.bin")).body == MEDIUM
        slow.send(request("/medium.bin"))
        slow.read_until(b"0000001")
        stopped = beside.submit(running.server.stop)
        assert idle.read_to_end() == (b"", False)
        assert slow.read_to_end().data.endswith(MEDIUM[-100:])
        assert not tls_of(idle).truncated
        assert not tls_of(slow).truncated
        stopped.result(60)


@in_kernel
def test_from_engine_to_engine(folder: str, tmp_path: Path, settings: dict[str, Any]) -> None:
    with run(folder, "epoll", tmp_path, **settings) as running, sealed(running) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        for engine in ("thread", "uring", "pool", "auto"):
            running.server.shift(engine)
            assert wire.ask(request("/medium.bin")).body == MEDIUM
        assert sealer(running) == "kernel"
