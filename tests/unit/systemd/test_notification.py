"""What the service manager is told, on a real socket."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.observe.error_log import ErrorLog
from gearshift.systemd.notification import ServiceManager, watchdog_seconds
from gearshift.systemd.watchdog import LOOKS, Watchdog


@pytest.fixture(params=["file", "abstract"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        if request.param == "file":
            sock.bind(str(tmp_path / "notify"))
            yield str(tmp_path / "notify"), sock
        else:
            sock.bind("")  # the kernel chooses an abstract name
            yield "@" + sock.getsockname()[1:].decode(), sock


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ErrorLog]:
    log = ErrorLog(str(tmp_path / "log"))
    yield log
    log.close()


def test_each_message_is_one_datagram(receiver: tuple[str, socket.socket], log: ErrorLog) -> None:
    path, sock = receiver
    manager = ServiceManager.of({"NOTIFY_SOCKET": path}, log)
    assert manager is not None
    manager.ready("serving")
    assert sock.recv(4096).decode() == f"READY=1\nSTATUS=serving\nMAINPID={os.getpid()}"
    manager.status("busy")
    assert sock.recv(4096) == b"STATUS=busy"
    before = time.monotonic()
    manager.reloading()
    said = dict(line.split("=") for line in sock.recv(4096).decode().splitlines())
    assert said["RELOADING"] == "1"
    assert before <= int(said["MONOTONIC_USEC"]) / 1e6 + 1e-6
    assert int(said["MONOTONIC_USEC"]) / 1e6 <= time.monotonic()
    manager.stopping("SIGTERM: draining")
    assert sock.recv(4096) == b"STOPPING=1\nSTATUS=SIGTERM: draining"


@pytest.mark.parametrize("path", ["", "relative", "vsock:2:1234"])
def test_nobody_is_told_where_nobody_is_named(path: str, log: ErrorLog) -> None:
    assert ServiceManager.of({"NOTIFY_SOCKET": path}, log) is None
    assert ServiceManager.of({}, log) is None


def test_one_that_is_gone_is_told_of_once(tmp_path: Path, log: ErrorLog) -> None:
    manager = ServiceManager(str(tmp_path / "nobody"), log)
    manager.ready("serving")
    manager.status("still")
    assert (tmp_path / "log").read_text().count(
        "warning: the service manager (NOTIFY_SOCKET) can't be told"
    ) == 1


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 0),
        ({"WATCHDOG_USEC": "30000000"}, 30),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, 0),
        ({"WATCHDOG_USEC": "soon"}, 0),
    ],
)
def test_the_watchdog_is_for_the_process_that_is_named(environ: dict[str, str], seconds: float) -> None:
    assert watchdog_seconds(environ, 7) == seconds


class Engine:
    """Has a turn when it is told to."""

    def __init__(self, clock: Any) -> None:
        self.now, self.interrupted, self.clock = 0.0, 0, clock

    def interrupt(self) -> None:
        self.interrupted += 1

    def turn(self) -> None:
        self.now = self.clock()


class Loop:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def call_soon_threadsafe(self, callback: Any) -> None:
        self.asked.append(callback)

    def turn(self) -> None:
        while self.asked:
            self.asked.pop()()


class Story:
    """A watchdog whose clock, engine and loop go on only when told to."""

    def __init__(self, loop: Loop | None = None) -> None:
        self.time = 100.0
        self.said: list[str] = []
        self.engine = Engine(lambda: self.time)
        self.watchdog = Watchdog(
            lambda: self.said.append("alive"),
            lambda: SimpleNamespace(engine=self.engine),
            lambda: loop,
            8.0,
            lambda: self.time,
        )

    def look(self) -> bool:
        self.time += 8.0 / LOOKS
        return self.watchdog.look()


def test_a_sign_of_life_wants_a_turn_since_the_last_look() -> None:
    story = Story()
    assert story.look()  # nothing was asked before
    assert story.engine.interrupted == 1
    assert not story.look()
    story.engine.turn()
    assert story.look()
    assert story.said == ["alive"] * 2


def test_a_turn_before_it_was_asked_is_none() -> None:
    story = Story()
    story.engine.turn()
    assert story.look()
    assert not story.look()


def test_an_engine_that_took_over_is_asked_for_itself() -> None:
    story = Story()
    assert story.look()
    story.engine = Engine(lambda: story.time)
    assert story.look()
    assert not story.look()


def test_an_event_loop_must_come_round_too() -> None:
    loop = Loop()
    story = Story(loop)
    assert story.look()
    story.engine.turn()
    assert not story.look()
    loop.turn()
    assert story.look()
