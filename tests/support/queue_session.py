"""A server whose accept queue is full, in a network namespace of its own: a program with the arguments HOW and ENGINE.

HOW is `stopped` (the whole process, by SIGSTOP, until the queue has overflowed) or `held` (only the engine, by a
handler that waits). It prints as JSON what the server says of its queue, and what ss and nstat say at the same moment.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.namespaced import nstat, output, steady
from tests.support.process import Process, serving
from tests.support.waiting import eventually

BACKLOG = 4
FITS = BACKLOG + 1  # the kernel lets one more in
LATE = 3
HELD = 60.0  # seconds; the server is killed before
PATIENCE = 20.0  # seconds until a machine with other things to do has taken a sample


class Session:
    """A server, its control socket, and those who connect to it."""

    def __init__(self, server: Process, folder: Path) -> None:
        self.server, self.folder = server, folder
        self._opened = contextlib.ExitStack()

    def connect(self) -> socket.socket:
        return self._opened.enter_context(socket.create_connection(self.server.address))  # type: ignore[arg-type]

    def fill(self) -> None:
        """The accept queue, and then some who find it full."""
        for _ in range(FITS):
            self.connect()
        for _ in range(LATE):
            late = self._opened.enter_context(socket.socket())
            late.setblocking(False)
            late.connect_ex(self.server.address)
        eventually(lambda: nstat()["ListenOverflows"] >= LATE, "their SYNs were dropped")

    def leave(self) -> None:
        self._opened.close()

    def status(self) -> dict[str, Any]:
        from gearshift.control.client import ask

        return ask(str(self.folder / "control"), "status")

    def history(self) -> list[dict[str, Any]]:
        from gearshift.control.client import ask

        return ask(str(self.folder / "control"), "history")["seconds"]  # type: ignore[no-any-return]

    def ours(self) -> dict[str, Any]:
        seen = self.status()
        [listener] = seen["listeners"]
        names = ("accept_queue", "accept_queue_limit", "drops", "syn_queue")
        return {**{name: listener[name] for name in names}, **seen["host"]}

    def theirs(self) -> dict[str, Any]:
        port = self.server.address[1]
        row = output("ss", "-ltnmH", f"sport = :{port}")
        depth, limit = row.split()[1:3]
        drops = re.search(r"skmem:\(.*,d(\d+)\)", row)
        assert drops is not None
        half_open = output("ss", "-tnH", "state", "syn-recv", f"sport = :{port}").splitlines()
        return {
            "accept_queue": int(depth),
            "accept_queue_limit": int(limit),
            "drops": int(drops[1]),
            "syn_queue": len(half_open),
            **nstat(),
        }

    def compared(self) -> list[dict[str, Any]]:
        """Both, of a moment in which nothing has changed."""
        return [*steady(self.ours, self.theirs)]


def _is_stopped(thread: Path) -> bool:
    return (thread / "stat").read_text().rpartition(")")[2].split()[0] == "T"


def stopped(session: Session) -> dict[str, Any]:
    session.server.signal(signal.SIGSTOP)
    threads = list(Path(f"/proc/{session.server.pid}/task").iterdir())
    # Each for itself: the engine's may accept for a moment after the first has stopped.
    eventually(lambda: all(_is_stopped(thread) for thread in threads), "it is stopped")
    session.fill()
    full = session.theirs()
    session.server.signal(signal.SIGCONT)
    eventually(lambda: session.status()["open_connections"] >= FITS, "those who waited are accepted")
    session.leave()
    return {"full": full, "compared": session.compared()}


def held(session: Session) -> dict[str, Any]:
    session.connect().sendall(b"GET /sleep?%d HTTP/1.1\r\nHost: a\r\n\r\n" % HELD)
    eventually(lambda: session.status()["requests"]["running"], "the handler runs")
    session.fill()
    compared = session.compared()
    words = output(sys.executable, "-m", "gearshift", "status", "--control", str(session.folder / "control"))
    eventually(
        lambda: any(second["accept_queue"] == FITS for second in session.history()),
        "a sample of it",
        PATIENCE,
    )
    return {"compared": compared, "words": words}


def run(how: str, engine: str) -> dict[str, Any]:
    options = ("--engine", engine, "--backlog", str(BACKLOG), "--threads", "1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        logs = ("--control", str(folder / "control"), "--error-log", str(folder / "errors"))
        with serving(*options, *logs, "tests.support.standalone:wsgi") as server:
            session = Session(server, folder)
            eventually(session.history, "counters are read", PATIENCE)
            found = {"stopped": stopped, "held": held}[how](session)
            log = folder / "errors"
            eventually(lambda: "dropped" in log.read_text(), "the drops are logged", PATIENCE)
            dropped = session.ours()["drops"]
            eventually(
                lambda: sum(second["drops"] for second in session.history()) >= dropped,
                "all drops are history",
                PATIENCE,
            )
            history = session.history()
            session.leave()
        return {**found, "log": log.read_text(), "history": history}


if __name__ == "__main__":
    output("ip", "link", "set", "lo", "up")
    print(json.dumps(run(*sys.argv[1:])))
