"""Queues and drops in the status of a real server, against ss and what was done to it."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gearshift import Server
from gearshift.cli.status import in_words
from gearshift.observe.queues import listeners_seen
from tests.support.servers import ENGINES
from tests.support.sockets import ss
from tests.support.waiting import eventually

HERE = Path(__file__).parent
BACKLOG = 3
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Holding:
    """A WSGI application that answers when it is let."""

    def __init__(self) -> None:
        self.called, self.go_on = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.called.set()
        self.go_on.wait(30)
        start_response("200 OK", [("Content-Length", "0")])
        return []


@contextlib.contextmanager
def held(bind: str) -> Iterator[tuple[Server, Holding]]:
    """A server whose only thread is in a handler, and so accepts nothing."""
    app = Holding()
    with Server(app, engine="epoll", bind=bind, backlog=BACKLOG) as server:
        try:
            yield server, app
        finally:
            app.go_on.set()


def test_a_full_queue_is_seen_while_the_serving_thread_is_held_up() -> None:
    with held("127.0.0.1:0") as (server, app), contextlib.ExitStack() as clients:
        port = int(server.url.rpartition(":")[2])
        address = ("127.0.0.1", port)
        clients.enter_context(socket.create_connection(address)).send(REQUEST)
        assert app.called.wait(5)
        for _ in range(BACKLOG + 1):
            clients.enter_context(socket.create_connection(address))
        late = clients.enter_context(socket.socket())
        late.setblocking(False)
        assert late.connect_ex(address) == errno.EINPROGRESS
        eventually(lambda: server.status()["listeners"][0]["drops"], "its SYN is dropped")
        seen = server.status()
        [listener] = seen["listeners"]
        [row] = ss("-ltn", f"sport = :{port}")
        assert [str(listener["accept_queue"]), str(listener["accept_queue_limit"])] == row[1:3] == ["4", "3"]
        assert {
            name: listener[name] for name in ("address", "syn_queue", "backlog_asked", "backlog_clamped")
        } == {
            "address": server.url,
            "syn_queue": 0,
            "backlog_asked": BACKLOG,
            "backlog_clamped": BACKLOG,
        }
        assert seen["host"]["ListenOverflows"] >= listener["drops"]
        words = in_words(seen)
        assert f"accept queue 4 of 3 (full), SYN queue 0, {listener['drops']} dropped\n" in words
        assert "it is full now: a handler that waits holds up accepting" in words


def test_a_unix_listener(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with held(f"unix:{path}") as (server, app), contextlib.ExitStack() as clients:

        def connect() -> socket.socket:
            client = clients.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(path)
            return client

        connect().send(REQUEST)
        assert app.called.wait(5)
        connect()
        [listener] = server.status()["listeners"]
        assert (listener["accept_queue"], listener["accept_queue_limit"]) == (1, BACKLOG)
        assert (listener["drops"], listener["syn_queue"]) == (None, None)
        assert "accept queue 1 of 3\n" in in_words(server.status())


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_them(engine: str) -> None:
    """In a process where nothing else opens or closes anything."""
    program = f"from {__name__} import engine_has_them; engine_has_them({engine!r})"
    found_from = {**os.environ, "PYTHONPATH": str(HERE.parents[2])}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=HERE, env=found_from)


def engine_has_them(engine: str) -> None:
    with Server(engine=engine, bind=["127.0.0.1:0", "[::1]:0"]) as server:
        seen = server.status()
        for listener in seen["listeners"]:
            assert (listener["accept_queue"], listener["drops"], listener["syn_queue"]) == (0, 0, 0)
        before = seen["descriptors"]
        assert before["open"] == sum(before["by_kind"].values()) <= before["limit"]
        port = int(server.url.rpartition(":")[2])
        with contextlib.ExitStack() as clients:
            for _ in range(5):
                clients.enter_context(socket.create_connection(("127.0.0.1", port)))
            eventually(lambda: server.status()["open_connections"] == 5, "all are accepted")
            # Both ends are this process's.
            eventually(lambda: seen_now(server)["sockets"] == before["sockets"] + 10, "all are counted")
            assert seen_now(server)["unexplained"] == before["unexplained"] + 5


def seen_now(server: Server) -> dict[str, Any]:
    """What was seen of the descriptors is told again for a while."""
    found: dict[str, Any] = server.status()["descriptors"]
    return found


def test_a_closed_listener_and_an_inherited_one() -> None:
    from gearshift.listeners import open_listener, parse

    with socket.create_server(("127.0.0.1", 0), backlog=7) as own:
        inherited = open_listener(parse(f"fd:{own.fileno()}"), 2048)
        [seen] = listeners_seen([inherited], {inherited.fd: 2})
        assert seen["syn_queue"] == 2
        assert (seen["backlog_asked"], seen["backlog_clamped"], seen["accept_queue"]) == (None, 7, 0)
        inherited.socket.detach()
    closed = open_listener(parse("127.0.0.1:0"), 5)
    closed.close()
    [seen] = listeners_seen([closed], {})
    assert (seen["fd"], seen["accept_queue"], seen["drops"], seen["syn_queue"]) == (-1, None, None, None)


PROGRAM = """
import sys
from gearshift import Server
DEAR = {"argparse", "asyncio", "inspect", "json", "pathlib", "re", "traceback", "typing"}
with Server(lambda environ, start_response: [], bind="127.0.0.1:0", engine=sys.argv[1]) as server:
    print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.startswith("gearshift.kernel.")))
    print(*sorted(DEAR & set(sys.modules)))
    assert server.status()["descriptors"]
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_who_does_not_ask_does_not_pay(engine: str) -> None:
    """A start imports of the kernel's facts, and of what is dear in the standard library, only what it needs."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, engine], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["backlog sockets", ""]
