"""Signals as a user or a supervisor sends them; how draining treats each connection is tested in tests/faults."""

from __future__ import annotations

import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.applications.served import Served, curl, gearshift_command, serving
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("number", "application"),
    [(signal.SIGTERM, "hello:app"), (signal.SIGINT, "hello:asgi"), (signal.SIGTERM, "")],
)
def test_idle_server_stops_at_once(
    number: signal.Signals, application: str, engine: str, folder: Path
) -> None:
    with serving("--engine", engine, *filter(None, [application]), folder=folder) as site:
        with site.client() as client:
            assert client.get("/").status_code == 200
            began = time.monotonic()
            assert site.stop(number) == 0
            assert time.monotonic() - began < 2
        assert f"{number.name}: draining" in site.err()
        assert "Traceback" not in site.err()


def sleeping(site: Served, seconds: str) -> tuple[threading.Thread, list[int]]:
    """A request under way, and the status it will have got."""
    statuses: list[int] = []

    def ask() -> None:
        with site.client() as client:
            statuses.append(client.get(f"/sleep/{seconds}").status_code)

    thread = threading.Thread(target=ask, daemon=True)
    connections = site.descriptors()
    thread.start()
    eventually(lambda: site.descriptors() > connections, "the connection is accepted")
    time.sleep(0.05)  # its first bytes are a moment behind it
    return thread, statuses


def test_request_under_way_is_answered(engine: str, folder: Path) -> None:
    with serving("--engine", engine, "hello:app", folder=folder) as site:
        thread, statuses = sleeping(site, "0.3")
        assert site.stop() == 0
        thread.join()
        assert statuses == [200]


def test_second_signal_ends_it(engine: str, folder: Path) -> None:
    with serving("--engine", engine, "hello:app", folder=folder) as site:
        with socket.create_connection(("127.0.0.1", site.port)) as client:
            client.sendall(b"GET /sleep/1.5 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.1)  # until it is in the application, which the client cannot see
            site.tell(signal.SIGINT)
            time.sleep(0.1)
            assert site.popen.poll() is None
            began = time.monotonic()
            assert site.stop(signal.SIGINT) == 1
            # The epoll engine runs the application itself, so there is nobody to take the signal before it is done.
            assert time.monotonic() - began < (3 if engine in ("epoll", "uring") else 1)
        assert "again: ending at once" in site.err()


def test_port_is_free_again(engine: str, folder: Path) -> None:
    with serving("--engine", engine, "hello:app", folder=folder) as site:
        assert curl(site.url).body == b"hello"
        address = f"127.0.0.1:{site.port}"
        assert site.stop() == 0
    with serving("--engine", engine, "hello:app", folder=folder, bind=address) as site:
        assert curl(site.url).body == b"hello"


SIGNALLED = """
import os, signal
from hello import app, asgi

signal.signal(signal.SIGUSR2, lambda number, frame: os.write(1, b"taken\\n"))
"""


@pytest.mark.parametrize("application", ["app", "asgi"])
def test_no_signal_is_lost_on_its_way_into_a_wait(application: str, engine: str, folder: Path) -> None:
    """One that comes just when a server goes back to waiting must not wait for more traffic."""
    (folder / "signalled.py").write_text(SIGNALLED)
    with serving("--engine", engine, f"signalled:{application}", folder=folder) as site:
        for taken in range(1, 201):
            with socket.create_connection(("127.0.0.1", site.port)) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                client.recv(1000)
            site.tell(signal.SIGUSR2)
            eventually(lambda: site.out().count("taken") == taken, f"signal {taken} is taken", 3)  # noqa: B023


LATE = """
import gearshift.server, os, signal, threading

opened = gearshift.server.Serving.open

def open_and_be_told(self):
    opened(self)
    os.kill(os.getpid(), signal.SIGTERM)

gearshift.server.Serving.open = open_and_be_told
from hello import app, asgi
"""


@pytest.mark.parametrize("application", ["app", "asgi"])
def test_a_signal_that_comes_before_it_serves_drains_too(application: str, engine: str, folder: Path) -> None:
    """The listeners are open by then: what waits in an accept queue must not be cut off."""
    (folder / "late.py").write_text(LATE)
    done = gearshift_command(
        "serve", "--engine", engine, "--bind", f"unix:{folder}/socket", f"late:{application}", folder=folder
    )
    assert done.code == 0
    assert "SIGTERM: draining" in done.err
    assert "Traceback" not in done.err
    assert not (folder / "socket").exists()


def test_a_signal_that_finds_the_process_stopped_is_heard(engine: str, folder: Path) -> None:
    with serving("--engine", engine, "hello:app", folder=folder) as site:
        assert curl(site.url).body == b"hello"
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT):
            site.tell(number)
        assert site.popen.wait(10) == 0
