"""Thousands of random requests, blocks and disconnects, under which threads take over from each other and engines are
changed: every answer is the right one, and at the end nothing is left behind.

STRESS_SECONDS makes each of these last longer than its few seconds; STRESS_SEED chooses other dice.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gearshift.control.client import ask
from tests.support.process import ROOT, Process, environment, serving
from tests.support.servers import ENGINES
from tests.support.waiting import eventually

SECONDS = float(os.environ.get("STRESS_SECONDS", "3"))
SEED = os.environ.get("STRESS_SEED", "1")
CLIENTS = 40
THREADS = 6
LONGEST = (
    12.0  # seconds for one answer: all clients before it may want a slow one, on an engine of one thread
)


@contextlib.contextmanager
def misbehaving(server: Process) -> Iterator[Callable[[], dict[str, Any]]]:
    """Clients of all kinds; called, what is given ends them and says what has come of it."""
    host, port = server.address
    popen = subprocess.Popen(
        [sys.executable, "-m", "tests.support.stress_load", str(host), str(port), str(CLIENTS), SEED],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def end() -> dict[str, Any]:
        said, _ = popen.communicate(timeout=90)
        report: dict[str, Any] = json.loads(said)
        return report

    try:
        assert popen.stdout is not None
        assert popen.stdout.readline() == b"asking\n"
        yield end
    finally:
        popen.kill()
        popen.communicate()


def threads_of(server: Process) -> int:
    """How many threads it has."""
    return sum(1 for _ in Path(f"/proc/{server.pid}/task").iterdir())


def stress(engine: str, interface: str, folder: Path, meanwhile: Callable[[str], object]) -> dict[str, Any]:
    """A server of that engine under such clients, while `meanwhile(control)` is called again and again."""
    control, log = str(folder / "control"), folder / "log"
    options = ("--engine", engine, "--threads", str(THREADS), "--control", control, "--error-log", str(log))
    # Nothing is to be turned away here.
    options = (*options, "--queue-delay", "60", "--max-waiting", "10000")
    with serving(*options, f"tests.support.stress_site:{interface}") as server:
        with server.connect() as wire:
            wire.send(b"GET /quick/a/0/first HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.answer().status == 200
        eventually(lambda: ask(control, "status")["open_connections"] == 0, "the first has left")
        descriptors = server.descriptors()
        with misbehaving(server) as end:
            ends = time.monotonic() + SECONDS
            while time.monotonic() < ends:
                meanwhile(control)
            report = end()
        print(report)
        said = log.read_text()
        assert "internal error" not in said
        assert "Traceback" not in said
        assert (report["faults"], report["wrong"]) == (0, [])
        assert report["answers"] > 100
        assert report["slowest"] < LONGEST

        def at_rest() -> bool:
            status = ask(control, "status")
            return status["open_connections"] == 0 and not status["leaving"]

        eventually(at_rest, "every connection is closed", within=10)
        status = ask(control, "status")
        assert (status["requests"]["running"], status["requests"]["waiting"]) == (0, 0)
        assert status["requests"]["shed"] == 0
        # An engine of threads keeps the wake-ups of its idle drivers, at most as many as there were connections.
        spare = CLIENTS if ask(control, "status")["engine"] == "thread" and interface == "asgi" else 8
        if interface == "asgi":
            spare += THREADS  # each thread of a pool has a wake-up
        eventually(lambda: server.descriptors() <= descriptors + spare, "no descriptor is left behind")
        # Beside the pool's: a leader, who waits for signals, the engine's, the watch, the control socket's two.
        eventually(lambda: threads_of(server) <= THREADS + 8, "no thread is left behind")
        server.popen.terminate()
        assert server.wait() == 0
        said = log.read_text()
        assert "Traceback" not in said
        assert "cut" not in said
    return report


@pytest.mark.parametrize("engine", ["auto", "pool"])
def test_an_engine_under_random_load(engine: str, interface: str, tmp_path: Path) -> None:
    stress(engine, interface, tmp_path, lambda _: time.sleep(0.1))


def test_shifts_at_random_under_random_load(interface: str, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    shifts = 0

    def shift(control: str) -> None:
        nonlocal shifts
        reply = ask(control, "shift", engine=chance.choice(ENGINES), threads=chance.randint(1, THREADS))
        assert "engine" in reply
        shifts += 1
        time.sleep(chance.choice((0, 0, 0.05, 0.3)))

    stress("auto", interface, tmp_path, shift)
    assert shifts >= SECONDS / 2


@pytest.mark.parametrize("words", [["common"], [f"new{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]])
def test_quick_requests_beside_one_that_uses_the_processor(words: list[str]) -> None:
    """Python threads share the interpreter in turns of 5 ms: that is what a quick request waits beside a handler that
    computes for 50 ms, twice or thrice on a bad day, and not until it is done. Whether its kind is known or not.
    """
    ended = threading.Event()
    with serving("--engine", "auto", "tests.support.stress_site:wsgi") as server:

        def compute() -> None:
            with server.connect(patience=30) as wire:
                for number in range(10_000):
                    if ended.is_set():
                        break
                    target = f"/spin/{words[number % len(words)]}/50/{number}"
                    wire.ask(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())

        computing = threading.Thread(target=compute)
        computing.start()
        try:
            waits = []
            with server.connect() as wire:
                for number in range(300):
                    began = time.perf_counter()
                    wire.ask(b"GET /quick/a/0/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
                    waits.append(time.perf_counter() - began)
        finally:
            ended.set()
            computing.join()
    waits.sort()
    print([round(waits[at] * 1000, 1) for at in (0, 150, 285, 297, 299)])
    assert waits[150] < 0.015
    assert waits[297] < 0.045
