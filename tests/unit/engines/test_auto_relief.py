"""A leader is relieved while answers that left together are being gone on with, and the engine is changed meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gearshift
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

HERE = Path(__file__).parent
TOGETHER = 16  # answers that leave together; what stands behind them in the same look is done later
BEHIND = 2


class Site:
    """Two threads at most: one in /occupy, one that polls and so is in /busy or in what follows a first piece."""

    def __init__(self) -> None:
        self.occupied, self.busy, self.second = threading.Event(), threading.Event(), threading.Event()
        self.leave, self.go_on, self.end = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path == "/occupy":
            self.occupied.set()
            self.leave.wait(20)
        elif path == "/busy":
            self.busy.set()
            self.go_on.wait(20)
        start_response("200 OK", [] if path == "/pieces" else [("Content-Length", str(len(path)))])
        return self.pieces() if path == "/pieces" else [path.encode()]

    def pieces(self) -> Iterator[bytes]:
        yield b"first"
        self.second.set()
        self.end.wait(20)
        yield b"second"


def scenario(log: str) -> None:
    site = Site()
    settings: dict[str, Any] = {"threads": 1, "queue_delay": 60, "error_log": log}
    with gearshift.Server(site, engine="auto", bind="127.0.0.1:0", **settings) as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        wires = [Wire((host, int(port))) for _ in range(2 + TOGETHER + BEHIND)]
        for wire in wires:
            assert wire.ask(request("/hello")).status == 200
        occupant, busy, streamed, *others = wires
        plain, leaving = others[: TOGETHER - 1], others[TOGETHER - 1 :]
        occupant.send(request("/occupy"))
        assert site.occupied.wait(10)
        busy.send(request("/busy"))
        assert site.busy.wait(10)
        # All these are found in one look, in this order, once the polling thread comes back.
        streamed.send(request("/pieces"))
        for wire in plain:
            wire.send(request("/hello"))
        for wire in leaving:
            wire.socket.close()
        site.go_on.set()
        assert site.second.wait(10)
        shifting = threading.Thread(target=server.shift, args=("epoll",))
        shifting.start()
        eventually(lambda: server.status()["engine"] == "epoll", "the new engine serves")
        site.leave.set()  # now there is a thread to relieve the one that is held up
        for wire in (occupant, busy, *plain):
            assert wire.answer().status == 200
            assert wire.ask(request("/hello")).body == b"/hello"
        shifting.join()
        site.end.set()
        assert streamed.answer().body == b"firstsecond"
        eventually(lambda: not server.status()["leaving"], "the former engine has ended")
        for wire in (occupant, busy, streamed, *plain):
            assert wire.ask(request("/hello")).body == b"/hello"
        assert server.status()["open_connections"] == len(wires) - BEHIND
        server.shift("pool")
        for wire in (occupant, busy, streamed, *plain):
            assert wire.ask(request("/hello")).body == b"/hello"
    said = Path(log).read_text()
    assert "error" not in said, said


def test_a_shift_while_a_leader_is_relieved(tmp_path: Path) -> None:
    """In a process of its own: what goes wrong here may take the interpreter along."""
    program = f"from {__name__} import scenario; scenario({str(tmp_path / 'log')!r})"
    found_from = {**os.environ, "PYTHONPATH": str(HERE.parents[2])}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=HERE, env=found_from, timeout=60)
