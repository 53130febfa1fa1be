"""Between SIGTERM and the drain: served as before, but health checks are told 503 and every answer is the last."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support.process import serving
from tests.support.servers import ENGINES
from tests.support.waiting import eventually
from tests.support.wire import request

DELAY = 2.0  # a busy machine asks for its health late
LEAVING = ("--health", "/health", "--drain-delay", str(DELAY))


@pytest.mark.parametrize(
    ("engine", "interface"), [*((engine, "wsgi") for engine in ENGINES), ("epoll", "asgi")]
)
def test_load_balancers_are_sent_away_before_the_listener_closes(engine: str, interface: str) -> None:
    with serving(*LEAVING, "--engine", engine, f"tests.support.standalone:{interface}") as server:
        with server.connect() as kept:
            assert kept.ask(request("/health")).status == 200
            assert not kept.ask(request()).closes
            began = time.monotonic()
            server.signal(signal.SIGTERM)

            def unwell() -> bool:
                with server.connect() as check:
                    return check.ask(request("/health")).status == 503

            eventually(unwell, "the health check fails")
            answer = kept.ask(request())
            assert (answer.status, answer.body, answer.closes) == (200, b"hello", True)
            with server.connect() as fresh:
                answer = fresh.ask(request())
                assert (answer.status, answer.body, answer.closes) == (200, b"hello", True)
        assert server.wait() == 0
        assert time.monotonic() - began >= DELAY


def test_every_worker_sends_load_balancers_away() -> None:
    arguments = (*LEAVING, "--workers", "2", "tests.support.standalone:wsgi")
    with serving(*arguments) as server:
        began = time.monotonic()
        server.signal(signal.SIGTERM)

        def unwell() -> bool:
            with server.connect() as check:
                return check.ask(request("/health")).status == 503

        eventually(unwell, "the health check fails")
        with server.connect() as fresh:
            answer = fresh.ask(request())
            assert (answer.status, answer.body, answer.closes) == (200, b"hello", True)
        assert server.wait() == 0
        assert time.monotonic() - began >= DELAY


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)])
def test_somebody_at_a_terminal_does_not_wait(numbers: tuple[signal.Signals, ...]) -> None:
    with serving("--drain-delay", "60", "tests.support.standalone:wsgi") as server:
        for number in numbers:
            server.signal(number)
            time.sleep(0.1)  # two of a kind at once are one to the kernel
        assert server.wait(5) == len(numbers) - 1
