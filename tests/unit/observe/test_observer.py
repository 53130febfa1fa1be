"""The sampler of a real server: it begins and ends with it, and its history is there for whoever asks."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from gearshift import Server
from gearshift.control.client import ask
from gearshift.control.paths import ControlError
from gearshift.observe.sampler import Sampler
from tests.support.servers import ENGINES
from tests.support.waiting import eventually

PATIENCE = 10.0


def samplers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sampler"]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_server_has_one_while_it_serves(engine: str, tmp_path: Path) -> None:
    before = len(samplers())
    control = str(tmp_path / "c")
    with Server(engine=engine, bind="127.0.0.1:0", control=control) as server:
        assert len(samplers()) == before + 1
        assert ask(control, "history") == {"seconds": [], "gaps": []}  # a start is not made slower by it
        for _ in range(3):
            with urllib.request.urlopen(server.url) as answer:
                assert answer.status == 200
        seconds = eventually(lambda: ask(control, "history")["seconds"], "a second is over", PATIENCE)
        assert sum(second["requests"] for second in seconds) == 3
        assert seconds[0]["accept_queue"] == seconds[0]["drops"] == 0
        later = eventually(
            lambda: ask(control, "history", since=seconds[-1]["at"])["seconds"], "another one", PATIENCE
        )
        assert later[0]["at"] > seconds[-1]["at"]
        with pytest.raises(ControlError, match="since: found 'noon', expected seconds since 1970"):
            ask(control, "history", since="noon")
    assert len(samplers()) == before


class Holding:
    """A WSGI application that answers when it is let."""

    def __init__(self) -> None:
        self.called, self.go_on = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.called.set()
        self.go_on.wait(30)
        start_response("204 No Content", [])
        return []


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_a_queue_and_its_wait_are_seen_while_the_serving_thread_is_held_up(
    family: socket.AddressFamily, tmp_path: Path
) -> None:
    app, path = Holding(), str(tmp_path / "s")
    bind = f"unix:{path}" if family == socket.AF_UNIX else "127.0.0.1:0"
    with Server(app, engine="epoll", bind=bind) as server, socket.socket(family) as first:
        address: Any = path if family == socket.AF_UNIX else ("127.0.0.1", int(server.url.rpartition(":")[2]))
        observer = server._serving.observer
        eventually(lambda: observer.history()["seconds"], "the sampler looks", PATIENCE)
        assert observer.accept_wait() == 0.0
        first.connect(address)
        first.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert app.called.wait(5)
        try:
            with socket.socket(family) as second:
                second.connect(address)
                eventually(lambda: (observer.accept_wait() or 0) > 0.5, "it has waited for so long", PATIENCE)
                eventually(lambda: observer.history()["seconds"][-1]["accept_queue"] == 1, "kept", PATIENCE)
        finally:
            app.go_on.set()
        eventually(lambda: observer.history()["seconds"][-1]["accept_queue"] == 0, "it is accepted", PATIENCE)
        eventually(lambda: observer.accept_wait() == 0.0, "nobody waits any more")


def test_a_sampler_that_fails_says_so_and_serving_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(sampler: Sampler) -> None:
        raise RuntimeError("as a test has it")

    monkeypatch.setattr(Sampler, "look", broken)
    log = tmp_path / "log"
    with Server(bind="127.0.0.1:0", error_log=str(log)) as server:
        eventually(lambda: "the sampler has ended" in log.read_text(), "it is logged", PATIENCE)
        assert "RuntimeError: as a test has it" in log.read_text()
        with urllib.request.urlopen(server.url) as answer:
            assert answer.status == 200
