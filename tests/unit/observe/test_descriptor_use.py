"""What explains the open descriptors, in a process of its own, and when their use is told in the log."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gearshift.observe import descriptor_use as module
from gearshift.observe.descriptor_use import DescriptorUse
from gearshift.observe.error_log import ErrorLog
from gearshift.observe.own_descriptors import OwnDescriptors
from tests.support.servers import ENGINES

PROGRAM = """
import json, os, socket, sys, time
from gearshift import Server

def seen(server):
    time.sleep(0.05)  # it is told again for a hundred times as long as the look took
    while server.status()["descriptors"]["age_seconds"]:
        time.sleep(0.01)
    return server.status()["descriptors"]

async def asgi(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

def wsgi(environ, start_response):
    start_response("204 No Content", [])
    return []

kind, engine, folder = sys.argv[1:]
app = {"asgi": asgi, "wsgi": wsgi, "static": folder}[kind]
with Server(app, engine=engine, bind=["127.0.0.1:0", "[::1]:0", f"unix:{folder}/s"], control=f"{folder}/c",
            error_log=f"{folder}/e", access_log=f"{folder}/a", threads=4) as server:
    told = [seen(server)]
    clients = []
    for url in server.urls:
        client = socket.socket(socket.AF_UNIX if url.startswith("unix:") else
                               socket.AF_INET6 if "[" in url else socket.AF_INET)
        client.connect(f"{folder}/s" if url.startswith("unix:") else
                       (url.split("/")[2].rpartition(":")[0].strip("[]"), int(url.rpartition(":")[2])))
        client.sendall(b"GET /e HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
        client.recv(1000)
        clients.append(client.detach())
    for fd in clients:
        os.dup2(os.open("/dev/null", os.O_RDONLY), fd)  # so that only the server's ends are sockets
    told.append(seen(server))
    lost = [os.open(folder, os.O_RDONLY), *os.pipe(), *[s.detach() for s in socket.socketpair()]]
    listener = socket.create_server(("127.0.0.1", 0))
    lost += [socket.create_connection(listener.getsockname()).detach() for _ in range(3)]
    told.append(seen(server))
print(json.dumps([told, listener.getsockname()]))
"""


@pytest.mark.parametrize("kind", ["wsgi", "asgi", "static"])
@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_server_has_open_is_explained(engine: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, engine, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    (bare, connected, lost), address = json.loads(done.stdout)
    for seen in (bare, connected, lost):
        assert seen["explained"] + seen["unexplained"] == seen["open"] == sum(seen["by_kind"].values())
        assert seen["growing"] is False
    assert bare["unexplained"] == 0, bare
    # Each client's end that was replaced, and the descriptor that it was replaced by.
    assert connected["unexplained_by_kind"] == {"device": 6}
    if kind == "static":
        lost["unexplained_by_kind"]["file"] = lost["unexplained_by_kind"].get("file", 0) + 1
    assert lost["unexplained_by_kind"] == {"device": 6, "file": 1, "pipe": 2, "socket": 6}
    to = f"{address[0]}:{address[1]}"
    assert lost["leads_to"][0] == {"protocol": "TCP", "to": to, "state": "ESTAB", "number": 3}
    assert {"protocol": "Unix", "to": None, "state": None, "number": 2} in lost["leads_to"]
    assert {"protocol": "TCP", "to": None, "state": "LISTEN", "number": 1} in lost["leads_to"]


class Watched:
    """A DescriptorUse of a test's own numbers."""

    def __init__(self, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self._log = 0.0, log
        self.found: dict[str, Any] = {
            "open": 100,
            "limit": 1000,
            "by_kind": {"socket": 90, "file": 10},
            "explained": 95,
            "unexplained": 5,
            "unexplained_by_kind": {"socket": 4, "file": 1},
            "leads_to": [{"protocol": "TCP", "to": "10.0.0.7:5432", "state": "CLOSE-WAIT", "number": 3}],
        }
        monkeypatch.setattr(DescriptorUse, "_looked", lambda use: dict(self.found))
        self.error_log = ErrorLog(str(log))
        self.use = DescriptorUse([], lambda: OwnDescriptors([]), self.error_log, lambda: self.now)

    def watch(self, seconds: int, grow: int = 0) -> None:
        for _ in range(0, seconds, 5):
            self.now += 5
            self.use.watch()
            self.found["unexplained"] += grow

    def said(self) -> list[str]:
        return [line.partition("warning: ")[2] for line in self._log.read_text().splitlines()]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    watched = Watched(tmp_path / "log", monkeypatch)
    yield watched
    watched.error_log.close()


def test_a_shortage_is_told_once(watched: Watched) -> None:
    watched.watch(60)
    assert watched.said() == []
    watched.found["open"] = 901
    watched.watch(60)
    watched.found["open"] = 850  # not over yet
    watched.watch(60)
    watched.found["open"] = 950
    watched.watch(60)
    [told] = watched.said()
    assert told == (
        "descriptors: 901 of 1000 open: 90 socket, 10 file; 95 are connections, listeners and the server's own, 5 the"
        " application's: 3 TCP connections to 10.0.0.7:5432 in CLOSE-WAIT, 1 other socket, 1 file; raise the limit"
        " (ulimit -n, LimitNOFILE= of systemd)"
    )
    watched.found["open"] = 500
    watched.watch(60)
    watched.found["open"] = 999
    watched.watch(60)
    assert len(watched.said()) == 2


def test_a_leak_is_told_once(watched: Watched) -> None:
    watched.watch(1500, grow=1)
    [told] = watched.said()
    first = "descriptors that neither connections nor the server explain have grown for ten minutes, from "
    assert told.startswith(first)
    assert told.endswith(
        ": 3 TCP connections to 10.0.0.7:5432 in CLOSE-WAIT, 1 other socket, 1 file; 100 of 1000 are open"
    )
    seen = watched.use.seen()
    assert seen is not None
    assert seen["growing"]
    watched.watch(240)
    seen = watched.use.seen()
    assert seen is not None
    assert not seen["growing"]


def test_where_proc_is_not_to_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "descriptors", lambda *_: None)
    error_log = ErrorLog(str(tmp_path / "log"))
    use = DescriptorUse([], lambda: OwnDescriptors([]), error_log)
    assert use.seen() is None
    use.watch()
    error_log.close()


def test_a_real_one_beside_a_socket_of_somebody_else(tmp_path: Path) -> None:
    error_log = ErrorLog(str(tmp_path / "log"))
    with socket.create_server(("127.0.0.1", 0)):
        seen = DescriptorUse([], lambda: OwnDescriptors([error_log.fileno()]), error_log).seen()
    error_log.close()
    assert seen is not None
    assert seen["unexplained_by_kind"]["socket"] >= 1
