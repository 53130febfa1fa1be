"""A running server changes its engine: no request is lost, no connection reset, nothing is left behind."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gearshift.control.client import ask
from tests.support.process import Process, serving
from tests.support.servers import ENGINES
from tests.support.waiting import eventually
from tests.support.wire import request

CLIENTS = 200
ROUNDS = 10
LOAD = Path(__file__).parents[1] / "support" / "constant_load.py"


@contextlib.contextmanager
def load(server: Process, clients: int) -> Iterator[subprocess.Popen[bytes]]:
    """Keeps asking; `finish` ends it."""
    host, port = server.address
    popen = subprocess.Popen(
        [sys.executable, str(LOAD), str(host), str(port), str(clients)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert popen.stdout is not None
        assert popen.stdout.readline() == b"asking\n"
        yield popen
    finally:
        popen.kill()
        popen.communicate()


def finish(popen: subprocess.Popen[bytes]) -> dict[str, object]:
    """Ends the asking; what has come of it."""
    said, _ = popen.communicate(timeout=60)
    found: dict[str, object] = json.loads(said)
    return found


def threads_of(server: Process) -> set[str]:
    """The names of its threads, as the kernel knows them."""
    names = set()
    for entry in Path(f"/proc/{server.pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            names.add(entry.name)
    return names


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_ten_times_round_all_engines_under_constant_load(interface: str, tmp_path: Path) -> None:
    control = str(tmp_path / "control")
    app = f"tests.support.shifting_site:{interface}"
    # What waits longer than --queue-delay may be turned away; here it must not be.
    log = tmp_path / "log"
    options = ("--engine", "epoll", "--threads", "8", "--control", control, "--queue-delay", "30")
    options = (*options, "--error-log", str(log))
    with serving(app, *options) as server:
        with server.connect() as wire:
            assert wire.ask(request("/quick/first")).status == 200
        descriptors = server.descriptors()
        with load(server, CLIENTS) as clients:
            eventually(
                lambda: ask(control, "status")["counts"]["accepted"] == CLIENTS + 1, "all are accepted"
            )
            seen: dict[str, Any] = {}
            for _ in range(ROUNDS):
                for engine in ("uring", "auto", "thread", "pool", "epoll"):
                    before = ask(control, "status")["requests"]["total"]
                    reply = ask(control, "shift", engine=engine)
                    assert reply["engine"] == engine

                    def has_left(before: int = before) -> bool:
                        seen.update(ask(control, "status"))
                        return not seen["leaving"] and seen["requests"]["total"] > before + CLIENTS

                    try:
                        eventually(has_left, f"all connections are with {engine}", within=20)
                    except AssertionError as error:
                        raise AssertionError(
                            f"{error}; {seen}; {finish(clients)}; {log.read_text()}"
                        ) from None
            result = finish(clients)
        assert " error: " not in log.read_text()
        assert result["wrong"] == []
        counts = ask(control, "status")["counts"]
        assert counts["handed_over"] == CLIENTS * 5 * ROUNDS
        assert counts["accepted"] == CLIENTS + 1
        assert result["answers"] == counts["requests"] - 1
        eventually(lambda: server.descriptors() <= descriptors + 2, "no descriptor is left behind")
        eventually(lambda: len(threads_of(server)) <= 6, "no thread is left behind")


@pytest.mark.parametrize("former", ENGINES)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_idle_connection_and_half_a_request_move_on(former: str, engine: str, tmp_path: Path) -> None:
    control = str(tmp_path / "control")
    with (
        serving("tests.support.standalone:wsgi", "--engine", former, "--control", control) as server,
        server.connect() as idle,
        server.connect() as half,
        server.connect() as running,
    ):
        assert idle.ask(request()).status == 200
        half.send(b"GET /hello HTTP/1.1\r\nHo")
        running.send(request("/sleep?0.2"))
        eventually(lambda: ask(control, "status")["requests"]["total"] == 2, "the slow request has begun")
        reply = ask(control, "shift", engine=engine, threads=5)
        assert (reply["from"], reply["engine"], reply["threads"]) == (former, engine, 5)
        assert idle.ask(request()).status == 200
        assert half.ask(b"st: a\r\n\r\n").status == 200
        assert running.answer().status == 200
        assert running.ask(request()).status == 200
        eventually(lambda: ask(control, "status")["leaving"] == [], "the former engine has ended")
        assert ask(control, "status")["engine"] == engine
