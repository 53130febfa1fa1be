"""`--reload` with real applications: broken, seen, mended; and nobody is refused meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.support.process import Process, serving
from tests.support.waiting import eventually

FLASK = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "one"
"""
FASTAPI = """
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/", response_class=PlainTextResponse)
async def index():
    return "one"
"""


class Asking:
    """A client that makes a connection for each request, one after another, and counts what becomes of them."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._ended = Event()
        self._thread = Thread(target=self._run)
        self.answers: dict[tuple[int, str], int] = {}
        self.faults: list[str] = []

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.005):
            try:
                status, body = ask(self._address)
            except (OSError, http.client.HTTPException) as error:
                self.faults.append(repr(error))
            else:
                word = body if status == 200 else body.split(":")[0][:8]
                self.answers[status, word] = self.answers.get((status, word), 0) + 1


def ask(address: tuple[str, int], **fields: str) -> tuple[int, str]:
    with contextlib.closing(http.client.HTTPConnection(*address, timeout=15)) as connection:
        connection.request("GET", "/", headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextlib.contextmanager
def reloading(folder: Path, source: str, *arguments: str) -> Iterator[tuple[Process, tuple[str, int]]]:
    (folder / "shop.py").write_text(source)
    log = str(folder / "log.txt")
    with serving("--reload", "--error-log", log, *arguments, "shop:app", folder=folder) as server:
        assert isinstance(server.address, tuple)
        try:
            yield server, server.address
        finally:
            with contextlib.suppress(ProcessLookupError):
                server.popen.terminate()  # killed, it takes its child with it; told, it says how that ended
            server.popen.wait(10)


@pytest.mark.parametrize("source", [FLASK, FASTAPI], ids=["flask", "fastapi"])
def test_broken_seen_and_mended_with_nobody_refused(tmp_path: Path, source: str) -> None:
    shop = tmp_path / "shop.py"
    with reloading(tmp_path, source) as (_, address), Asking(address) as asking:
        eventually(lambda: ask(address) == (200, "one"), "it serves", within=15)
        # Of the same length, within the same second: bytecode of the first would pass for the second's.
        shop.write_text(source.replace('"one"', '"two"'))
        eventually(lambda: ask(address) == (200, "two"), "the new one serves", within=15)
        shop.write_text(source.replace('"one"', "<one>"))
        eventually(lambda: ask(address)[0] == 500, "the page is there", within=15)
        assert "SyntaxError: invalid syntax" in ask(address)[1]
        status, html = ask(address, Accept="text/html")
        assert (status, html.startswith("<!doctype html>")) == (500, True)
        assert "return &lt;one&gt;" in html
        shop.write_text(source.replace('"one"', '"three"'))
        eventually(lambda: ask(address) == (200, "three"), "it is mended", within=15)
    assert asking.faults == []
    assert {(200, "one"), (200, "two"), (200, "three")} <= set(asking.answers)
    log = (tmp_path / "log.txt").read_text()
    assert "shop.py changed: starting anew" in log
    assert "error: shop:app: importing shop raised SyntaxError" in log


def test_what_is_being_answered_is_answered_first(tmp_path: Path) -> None:
    slow = "import time\ndef app(environ, start):\n    time.sleep(0.8)\n    start('200 OK', [])\n    return [b'old']\n"
    with reloading(tmp_path, slow) as (server, _), server.connect(patience=15) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: wire.unread_by_peer() == 0, "the request is read")
        (tmp_path / "shop.py").write_text(slow.replace("0.8", "0.0").replace("old", "new"))
        assert wire.read_to_end().only_answer().body == b"old"
        assert ask((server.address[0], int(server.address[1])))[1] == "new"


def test_a_server_that_dies_is_told_and_started_again(tmp_path: Path) -> None:
    dying = "import os\ndef app(environ, start):\n    os._exit(7)\n"
    with reloading(tmp_path, dying) as (_, address):
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask(address)
        eventually(lambda: "with exit code 7" in ask(address)[1], "the page is there", within=15)
        (tmp_path / "shop.py").write_text(FLASK)
        eventually(lambda: ask(address) == (200, "one"), "it is mended", within=15)


def test_an_application_whose_startup_fails_has_its_page(tmp_path: Path) -> None:
    failing = (
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'no database'})\n"
    )
    with reloading(tmp_path, failing, "--interface", "asgi") as (_, address):
        eventually(lambda: "startup failed: no database" in ask(address)[1], "the page is there", within=15)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_both(tmp_path: Path, number: signal.Signals) -> None:
    with reloading(tmp_path, FLASK) as (server, _):
        (child,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        if number == signal.SIGINT:
            os.kill(int(child), number)  # as a terminal does, to both
        server.signal(number)
        assert server.wait() == 0
        assert not Path(f"/proc/{child}").exists()


def test_a_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    with reloading(tmp_path, FLASK) as (server, _):
        (child,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        server.popen.kill()
        server.popen.wait()
        eventually(lambda: not lives(child), "the child has ended")


def lives(pid: str) -> bool:
    """Whether that process runs; one that nobody has waited for yet does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
