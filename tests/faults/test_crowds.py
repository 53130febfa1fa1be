"""A crowd that means harm, or has slow lines, does not keep a healthy client from its answers."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.process import Process, serving
from tests.support.servers import ENGINES
from tests.support.wire import Wire, request

CROWD = Path(__file__).parents[1] / "support" / "crowd.py"
PROMISED = 0.1  # seconds within which a healthy client is answered
MEASURED = 0.5  # seconds
ENOUGH = 20  # answers of which one in twenty can be left out
HARD = 1.0  # seconds that a single answer may take on a machine that has other things to do
CROWDS = {"loris": 500, "silent": 500, "readers": 200, "connects": 20_000}


class Times(NamedTuple):
    """How long answers took, in seconds."""

    median: float
    most: float  # 95 of 100 took no longer
    longest: float
    count: int


def times(wire: Wire, going_on: Callable[[], bool]) -> Times:
    """Of a keep-alive client that asks all the time."""
    took = []
    while not took or going_on():
        began = time.monotonic()
        assert wire.ask(request()).status == 200
        took.append(time.monotonic() - began)
        time.sleep(0.002)
    took.sort()
    return Times(took[len(took) // 2], took[len(took) * 95 // 100], took[-1], len(took))


def for_so_long(seconds: float) -> Callable[[], bool]:
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() < ends


@contextlib.contextmanager
def crowd(server: Process, kind: str) -> Iterator[tuple[Callable[[], bool], dict[str, object]]]:
    """Whether it is still coming together, and, afterwards, what has come of it."""
    host, port = server.address
    result: dict[str, object] = {}
    popen = subprocess.Popen(
        [sys.executable, str(CROWD), str(host), str(port), kind, str(CROWDS[kind])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert popen.stdout is not None
        poller = select.poll()
        poller.register(popen.stdout, select.POLLIN)
        yield (lambda: not poller.poll(0)), result
        assert popen.stdout.readline() == b"crowded\n"
        said, _ = popen.communicate(timeout=10)
        result.update(json.loads(said))
    finally:
        popen.kill()
        popen.communicate()


@pytest.fixture(
    scope="module", params=[f"{engine}-{interface}" for interface in ("wsgi", "asgi") for engine in ENGINES]
)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Process, Times]]:
    """A server, and how quick it is with nobody else about."""
    engine, interface = request.param.split("-")
    with (
        serving("--engine", engine, f"tests.support.standalone:{interface}") as process,
        process.connect() as wire,
    ):
        times(wire, for_so_long(0.1))
        yield process, times(wire, for_so_long(0.3))


@pytest.mark.parametrize("kind", CROWDS)
def test_a_healthy_client_is_answered_in_time(kind: str, server: tuple[Process, Times]) -> None:
    """The bound grows with what the machine needs for the same without a crowd."""
    process, alone = server
    if kind != "readers" and process.popen.args[-1].endswith("asgi"):  # type: ignore[index]
        pytest.skip("until a request is whole, its interface makes no difference")
    with process.connect() as wire, crowd(process, kind) as (gathers, result):
        meanwhile = times(wire, gathers)
        beside = times(wire, for_so_long(MEASURED))
    print(
        f"\n{process.popen.args[-3:]} {kind}: alone {alone}, meanwhile {meanwhile}, beside {beside}, {result}"
    )
    for seen in (meanwhile, beside):
        # While a crowd comes together, which takes a moment, there may be a handful of answers only.
        assert seen.count < ENOUGH or seen.most <= PROMISED + alone.most
        assert seen.longest <= HARD + alone.longest
    if kind == "connects":
        assert result["failures"] == {}
