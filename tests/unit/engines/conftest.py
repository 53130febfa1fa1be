"""An engine by itself: a workplace, a responder that does as it is told, and a thread that runs it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gearshift.apps.native import Answer, NativeApplication, Responder
from gearshift.apps.own import OwnAnswers
from gearshift.engines import Timeouts, Workplace, make_engine
from gearshift.exchange import Exchange, Service
from gearshift.http.limits import Limits
from gearshift.listeners import open_listener, parse
from gearshift.observe.error_log import ErrorLog

PATIENCE = 10.0  # seconds
HELLO = Answer(200, b"Content-Type: text/plain\r\n", b"hello")


class Obedient(Responder):
    """Answers as its function says."""

    def __init__(self, function: Callable[[Exchange], Answer]) -> None:
        super().__init__()
        self.function = function

    def respond(self, exchange: Exchange) -> Answer:
        return self.function(exchange)


class Running:
    """An engine that runs in a thread, or will."""

    def __init__(self, name: str, respond: Callable[[Exchange], Answer], log: Path, **changes: Any) -> None:
        self.error_log = ErrorLog(str(log))
        self.log = log
        service = Service(
            NativeApplication(Obedient(respond)),
            NativeApplication(OwnAnswers()),
            Limits(),
            262144,
            self.error_log,
            None,
            name,
        )
        options: dict[str, Any] = {
            "listeners": [open_listener(parse(text), 64) for text in changes.pop("bind", ["127.0.0.1:0"])],
            "timeouts": Timeouts(idle=30.0, head=10.0, body=10.0, write=10.0),
            "max_connections": 100,
            "threads": 4,
            "preload": False,
            "max_waiting": 100,
        } | changes
        listeners = options.pop("listeners")
        self.listeners = listeners
        self.workplace = Workplace(service, listeners, options.pop("timeouts"), **options)
        self._clients: list[socket.socket] = []
        self.thread = threading.Thread(target=self._run, name=f"{name}-engine", daemon=True)

    def make(self, name: str) -> None:
        self.engine = make_engine(name, self.workplace)

    def _run(self) -> None:
        self.engine.run()

    def start(self) -> None:
        self.thread.start()

    def connect(self, listener: int = 0) -> socket.socket:
        where = self.listeners[listener]
        client = socket.socket(where.family, socket.SOCK_STREAM)
        client.settimeout(PATIENCE)
        client.connect(where.socket.getsockname())
        self._clients.append(client)
        return client

    def ask(self, target: str = "/", client: socket.socket | None = None) -> bytes:
        """One request and all of its answer, which must have a length."""
        client = client or self.connect()
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += receive(client)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += receive(client)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        for client in self._clients:
            client.close()
        if self.thread.is_alive():
            self.engine.stop()
            self.thread.join(PATIENCE)
            assert not self.thread.is_alive()
        for listener in self.listeners:
            listener.close()
        self.error_log.close()


def receive(client: socket.socket) -> bytes:
    data = client.recv(65536)
    assert data, "the connection was closed too early"
    return data


Start = Callable[..., Running]


@pytest.fixture(params=["thread", "pool", "epoll", "uring", "auto"])
def name(request: pytest.FixtureRequest) -> str:
    """The name of an engine."""
    return str(request.param)


@pytest.fixture
def prepare(tmp_path: Path) -> Iterator[Start]:
    """Makes an engine: prepare(name, respond=..., threads=...)."""
    made: list[Running] = []

    def make(name: str, respond: Callable[[Exchange], Answer] = lambda _: HELLO, **changes: Any) -> Running:
        running = Running(name, respond, tmp_path / f"{len(made)}.log", **changes)
        made.append(running)
        running.make(name)
        return running

    yield make
    for running in made:
        running.close()


@pytest.fixture
def start(prepare: Start) -> Start:
    """Makes an engine and lets it run."""

    def begin(*arguments: Any, **changes: Any) -> Running:
        running = prepare(*arguments, **changes)
        running.start()
        return running

    return begin
