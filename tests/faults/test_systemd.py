"""Under something that behaves like systemd: sockets at descriptor 3, readiness, the watchdog, the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearshift.control.client import ask
from gearshift.control.paths import listens
from tests.support.process import ROOT, command, environment
from tests.support.servers import ENGINES
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

# What systemd does between fork and exec: the sockets at 3 and up, and the process's own number.
EXEC = """
import fcntl, os, sys
fds = [int(fd) for fd in sys.argv[1].split(",")]
for place, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in fds]):
    os.dup2(fd, 3 + place)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)), LISTEN_FDNAMES=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""


@contextlib.contextmanager
def run(
    arguments: list[str], fds: tuple[int, ...] = (), **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=environment(variables),
        pass_fds=fds,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def activated(listeners: dict[str, socket.socket], *arguments: str) -> tuple[list[str], tuple[int, ...]]:
    fds = tuple(listener.fileno() for listener in listeners.values())
    names = ":".join(listeners)
    return [sys.executable, "-c", EXEC, ",".join(map(str, fds)), names, *command(*arguments)], fds


def test_sockets_at_three_and_four_are_served(tmp_path: Path) -> None:
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "web.sock"))
    unix.listen()
    with socket.create_server(("127.0.0.1", 0)) as tcp, unix:
        arguments, fds = activated({"tcp": tcp, "web": unix}, "tests.support.standalone:wsgi")
        with run(arguments, fds):
            for address in (tcp.getsockname(), str(tmp_path / "web.sock")):
                with Wire(address) as wire:
                    assert wire.ask(request()).body == b"hello"
    assert (tmp_path / "web.sock").exists()  # it is systemd's


def test_one_by_its_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        arguments, fds = activated(
            {"one": one, "other": other}, "--bind", "systemd:other", "tests.support.standalone:wsgi"
        )
        with run(arguments, fds), Wire(other.getsockname()) as wire:
            assert wire.ask(request()).body == b"hello"


def test_without_sockets_it_is_told_in_one_line() -> None:
    with run(command("--bind", "systemd", "tests.support.standalone:wsgi")) as process:
        said, _ = process.communicate(timeout=10)
        assert process.returncode == 2
        assert said.decode().count("\n") == 1
        assert said.startswith(b"gearshift: --bind: found systemd, expected a socket of a .socket unit")


def test_systemds_own_program_passes_them(tmp_path: Path) -> None:
    if shutil.which("systemd-socket-activate") is None:
        pytest.skip("no systemd-socket-activate here (systemd)")
    path = tmp_path / "web.sock"
    activate = ["systemd-socket-activate", f"--listen={path}", "--fdname=web"]
    path_of_modules = f"--setenv=PYTHONPATH={environment()['PYTHONPATH']}"
    serve = command("--bind", "systemd:web", "tests.support.standalone:wsgi")
    with run([*activate, path_of_modules, *serve]):
        eventually(lambda: listens(str(path)), "it listens")  # that it was asked starts the server too
        with Wire(str(path)) as wire:
            assert wire.ask(request()).body == b"hello"


class Manager:
    """The service manager's end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def hear(self, within: float = 10.0) -> str:
        self.socket.settimeout(within)
        return self.socket.recv(4096).decode()

    def pings(self, seconds: float) -> int:
        """Signs of life in that time."""
        ends = time.monotonic() + seconds
        count = 0
        while (left := ends - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                count += self.hear(left) == "WATCHDOG=1"
        return count


@contextlib.contextmanager
def watched(
    tmp_path: Path, *arguments: str, watchdog: float = 0.4
) -> Iterator[tuple[Manager, subprocess.Popen[bytes], str]]:
    """A server that is to be heard of within so many seconds, and where it listens."""
    manager = Manager(tmp_path / "notify")
    path = str(tmp_path / "web.sock")
    arguments = ("--bind", f"unix:{path}", *arguments)
    with (
        manager.socket,
        run(
            command(*arguments), NOTIFY_SOCKET=manager.path, WATCHDOG_USEC=f"{watchdog * 1_000_000:.0f}"
        ) as process,
    ):
        said = eventually(  # a supervisor lives before its workers are ready
            lambda: None if (line := manager.hear()) == "WATCHDOG=1" else line, "it is told to be ready"
        )
        ready = said.splitlines()
        assert ready[0] == "READY=1"
        assert "tests.support.standalone:" in ready[1]
        assert ready[2] == f"MAINPID={process.pid}"
        yield manager, process, path


# Every engine, and an event loop inside one and beside one.
@pytest.mark.parametrize(
    ("engine", "interface"), [*((engine, "wsgi") for engine in ENGINES), ("epoll", "asgi"), ("pool", "asgi")]
)
def test_readiness_signs_of_life_and_the_end(tmp_path: Path, engine: str, interface: str) -> None:
    with watched(tmp_path, "--engine", engine, f"tests.support.standalone:{interface}") as (
        manager,
        process,
        path,
    ):
        with Wire(path) as wire:  # it was ready when it said so
            assert wire.ask(request()).status == 200
        assert all(manager.hear() == "WATCHDOG=1" for _ in range(4))
        process.send_signal(signal.SIGTERM)
        said = eventually(
            lambda: None if (line := manager.hear()) == "WATCHDOG=1" else line, "the end is told"
        )
        assert said == "STOPPING=1\nSTATUS=SIGTERM: draining"
        assert process.wait(10) == 0


def test_a_loop_that_stands_gives_no_sign_of_life(tmp_path: Path) -> None:
    with (
        watched(tmp_path, "--engine", "epoll", "tests.support.standalone:wsgi") as (manager, _, path),
        Wire(path) as wire,
    ):
        wire.send(request("/sleep?1.5"))
        manager.pings(0.3)  # one that was on its way
        assert manager.pings(0.8) == 0
        assert wire.read_until(b"hello")
        assert manager.pings(1.0) >= 4


@contextlib.contextmanager
def workers_watched(tmp_path: Path, *arguments: str) -> Iterator[tuple[Manager, list[int], str]]:
    """Two workers; their processes, and where they listen."""
    control = str(tmp_path / "control.sock")
    arguments = ("--workers", "2", "--control", control, *arguments)
    with watched(tmp_path, *arguments, watchdog=0.8) as (manager, process, path):
        assert all(manager.hear() == "WATCHDOG=1" for _ in range(4))
        yield manager, [worker["pid"] for worker in ask(control, "status")["workers"]], path
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def test_a_worker_that_is_stopped_keeps_back_the_sign_of_life_of_all(tmp_path: Path) -> None:
    with workers_watched(tmp_path, "tests.support.standalone:wsgi") as (manager, workers, _):
        os.kill(workers[0], signal.SIGSTOP)
        try:
            manager.pings(0.9)  # half of WatchdogSec= is a silence, and one had just been heard
            assert manager.pings(1.0) == 0
        finally:
            os.kill(workers[0], signal.SIGCONT)
        assert manager.hear() == "WATCHDOG=1"
        assert manager.pings(1.2) >= 2


def test_so_does_one_whose_event_loop_stands(tmp_path: Path) -> None:
    arguments = ("--engine", "epoll", "tests.support.standalone:blocking")
    with workers_watched(tmp_path, *arguments) as (manager, _, path), Wire(path) as wire:
        wire.send(request("/block?2"))
        manager.pings(0.9)
        assert manager.pings(0.8) == 0
        assert wire.read_until(b"hello")
        assert manager.hear() == "WATCHDOG=1"


def test_busy_threads_are_no_reason_to_be_restarted(tmp_path: Path) -> None:
    arguments = ("--engine", "pool", "--threads", "1", "tests.support.standalone:wsgi")
    with watched(tmp_path, *arguments) as (manager, _, path), Wire(path) as wire:
        wire.send(request("/sleep?1"))
        assert manager.pings(0.8) >= 4
        assert wire.read_until(b"hello")
