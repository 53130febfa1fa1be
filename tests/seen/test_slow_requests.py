"""Threads, slow handlers with their stacks, time-outs, the event loop's lag: what somebody on call asks first."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from tests.seen.asking import Seen, seen_server
from tests.support.servers import ENGINES
from tests.support.waiting import eventually
from tests.support.wire import request

APPLICATION = "tests.support.standalone"
WITH_POOL = ("pool", "auto")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_a_stuck_handler_is_told_with_its_stack(engine: str, interface: str) -> None:
    with seen_server("--engine", engine, "--slow-request", "0.2", f"{APPLICATION}:{interface}") as server:
        wire = server.connect()
        wire.send(request("/sleep?2"))
        [stuck] = eventually(lambda: server.status()["stuck"], "it has run for 0.2 s")
        assert stuck["request"] == "GET /sleep"
        assert stuck["remote"] == "{}:{}".format(*wire.socket.getsockname())
        assert 0.2 <= stuck["seconds"] < 2
        inside = f"in {interface}"
        assert any("standalone.py" in line and line.endswith(inside) for line in stuck["stack"])
        assert stuck["owner"].startswith("task ") == (interface == "asgi")
        assert wire.answer().status == 200
        assert server.status()["stuck"] == []
        server.process.signal(signal.SIGTERM)
        wire.socket.close()
        _, said = server.process.ended()
    lines = said.splitlines()
    told = [index for index, line in enumerate(lines) if "GET /sleep has run for" in line]
    assert len(told) == 1, said
    assert any(line.endswith(inside) for line in lines[told[0] + 1 :])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_coroutine_over_its_time_is_cancelled(engine: str) -> None:
    with seen_server("--engine", engine, "--request-timeout", "0.3", f"{APPLICATION}:asgi") as server:
        wire = server.connect()
        began = time.monotonic()
        answer = wire.ask(request("/sleep?20"))
        assert answer.status == 503
        assert 0.25 <= time.monotonic() - began < 5
        assert answer.body == b"the request took too long\n"
        assert answer.closes
        assert server.status()["counts"]["timed_out"] == 1
        assert server.connect().ask(request("/sleep?0.01")).status == 200


@pytest.mark.parametrize("engine", ENGINES)
def test_a_thread_is_not_stopped(engine: str) -> None:
    with seen_server("--engine", engine, "--request-timeout", "0.2", f"{APPLICATION}:wsgi") as server:
        assert server.connect().ask(request("/sleep?0.8")).status == 200
        assert server.status()["counts"]["timed_out"] == 0


def thread_of(server: Seen, path: str) -> dict[str, Any] | None:
    for thread in server.status()["threads"]:
        if thread["request"] == f"GET {path}":
            return dict(thread)
    return None


@pytest.mark.parametrize("engine", ENGINES)
def test_the_thread_that_has_a_request_says_so(engine: str) -> None:
    with seen_server("--engine", engine, f"{APPLICATION}:wsgi") as server:
        wire = server.connect()
        wire.send(request("/sleep?1"))
        thread = eventually(lambda: thread_of(server, "/sleep"), "a thread runs it")
        assert thread["state"] == "in handler"
        assert 0 <= thread["seconds"] < 1.5
        assert thread["cpu_seconds"] >= 0
        [row] = server.status()["connections"]
        assert (thread["connection"], thread["name"]) == (row["number"], row["owner"])
        assert thread["role"] == {
            "thread": "connection", "pool": "worker", "auto": "worker", "epoll": "loop", "uring": "loop"
        }[engine]  # fmt: skip


@pytest.mark.parametrize("engine", WITH_POOL)
def test_an_overloaded_pool_is_seen_to_wait(engine: str) -> None:
    options = ("--threads", "2", "--queue-delay", "30")
    with seen_server("--engine", engine, *options, f"{APPLICATION}:wsgi") as server:
        for _ in range(3):  # so that auto knows that this kind waits
            assert server.connect().ask(request("/sleep?0.05")).status == 200
        wires = [server.connect() for _ in range(8)]
        for wire in wires:
            wire.send(request("/sleep?0.5"))
        pool = eventually(lambda: _waits(server), "some wait longer than 0.2 s")
        assert pool["busy"] >= 2
        assert pool["queue"] >= 2
        assert pool["threads"] <= pool["most_threads"]
        waiting = [row for row in server.status()["connections"] if row["phase"] == "waiting"]
        assert all(row["path"] == "/sleep" for row in waiting)
        for wire in wires:
            assert wire.answer().status == 200
        times = {kind["kind"]: kind for kind in server.status()["times"]["kinds"]}
        assert times["GET /sleep"]["queue"]["max_seconds"] > 0.2
        if engine == "auto":
            assert pool["leader_changes"] >= 1


def _waits(server: Seen) -> dict[str, Any] | None:
    pool: dict[str, Any] = server.status()["pool"]
    return pool if pool["longest_wait_seconds"] > 0.2 else None


@pytest.mark.parametrize("engine", ENGINES)
def test_the_slowest_requests_have_their_split(engine: str) -> None:
    with seen_server("--engine", engine, f"{APPLICATION}:wsgi") as server:
        wire = server.connect()
        for _ in range(20):
            assert wire.ask(request()).status == 200
        assert wire.ask(request("/sleep?0.3")).status == 200
        slowest = server.status()["times"]["slowest"]
        assert (slowest[0]["request"], slowest[0]["status"]) == ("GET /sleep", 200)
        assert 0.3 <= slowest[0]["handler"] < 1
        assert slowest[0]["total"] >= slowest[0]["handler"] + slowest[0]["queue"]
        assert slowest[0]["connection"] == 1
        times = {kind["kind"]: kind["count"] for kind in server.status()["times"]["kinds"]}
        assert times == {"GET /hello": 20, "GET /sleep": 1}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_a_slow_reader_is_told_apart_from_a_slow_handler(engine: str, interface: str) -> None:
    with seen_server("--engine", engine, f"{APPLICATION}:{interface}") as server:
        wire = server.connect(receive_buffer=8192)
        wire.send(request("/flood?40"))
        eventually(
            lambda: [row["phase"] for row in server.status()["connections"]] == ["writing"], "it is stuck"
        )
        time.sleep(0.4)  # the reader's own slowness
        assert len(wire.answer().body) == 40 * 65536
        kinds = {kind["kind"]: kind for kind in server.status()["times"]["kinds"]}
        assert kinds["GET /flood"]["write_blocked"]["total_seconds"] > 0.3
        assert kinds["GET /flood"]["handler"]["total_seconds"] < 0.3


def test_a_loop_that_is_held_up_lags() -> None:
    with seen_server("--engine", "epoll", "--slow-request", "0.2", f"{APPLICATION}:blocking") as server:
        loop = eventually(lambda: _asked(server), "it has been asked")
        assert loop["lag_max_seconds"] < 0.5
        assert loop["tasks"] >= 1
        wire = server.connect()
        wire.send(request("/block?1.5"))
        loop = eventually(lambda: _lags(server), "it lags")
        assert wire.answer().status == 200
        [slow, *_] = server.status()["times"]["slowest"]
        assert slow["request"] == "GET /block"


def _asked(server: Seen) -> dict[str, Any] | None:
    loop: dict[str, Any] = server.status()["loop"]
    return loop if loop["lag_seconds"] is not None else None


def _lags(server: Seen) -> dict[str, Any] | None:
    loop: dict[str, Any] = server.status()["loop"]
    return loop if loop["lag_max_seconds"] > 0.5 else None
