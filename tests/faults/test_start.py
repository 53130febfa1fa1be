"""A start that fails says why in a line and leaves with an exit code; one that works says where it listens."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support.process import launch, serving
from tests.support.wire import Wire, request

APPLICATION = "tests.support.standalone:wsgi"


def failed(*arguments: str, folder: Path | None = None) -> str:
    """What a server says that can't start; its exit code is that of a wrong use."""
    popen = launch(arguments, folder=folder) if folder else launch(arguments)
    said = popen.communicate(timeout=10)[0].decode()
    assert popen.returncode in (1, 2), (popen.returncode, said)
    assert "Traceback" not in said
    return said


def only_line(said: str) -> str:
    """The one line said."""
    lines = said.strip().splitlines()
    assert len(lines) == 1, said
    return lines[0]


def test_port_in_use(engine: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        line = only_line(failed("--engine", engine, "--bind", f"127.0.0.1:{port}", APPLICATION))
    assert f"127.0.0.1:{port}" in line
    assert "in use" in line.lower()


def test_address_that_is_not_ours() -> None:
    assert "192.0.2.1" in only_line(failed("--bind", "192.0.2.1:0", APPLICATION))


def test_unix_socket_in_use(tmp_path: Path) -> None:
    with serving("--bind", f"unix:{tmp_path}/s", APPLICATION):
        assert f"{tmp_path}/s" in only_line(failed("--bind", f"unix:{tmp_path}/s", APPLICATION))


def test_stale_unix_socket_is_replaced(tmp_path: Path) -> None:
    path = f"{tmp_path}/s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    with serving("--bind", f"unix:{path}", APPLICATION), Wire(path) as wire:
        assert wire.ask(request()).status == 200


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--engine", "steam", APPLICATION), "engine"),
        (("--threads", "0", APPLICATION), "threads"),
        (("--threads", "many", APPLICATION), "threads"),
        (("--timeout-head", "-1", APPLICATION), "timeout"),
        (("--bind", "nonsense:port", APPLICATION), "nonsense"),
        (("--interface", "cgi", APPLICATION), "interface"),
    ],
)
def test_wrong_settings(arguments: tuple[str, ...], named: str) -> None:
    popen = launch(arguments)
    said = popen.communicate(timeout=10)[0].decode()
    assert popen.returncode == 2
    assert named in only_line(said)


@pytest.mark.parametrize(
    "application",
    [
        "no_such_module:app",
        "tests.support.standalone:nothing",
        "tests.support.standalone:BLOCK",
        "no/such/folder",
    ],
)
def test_application_that_is_none(application: str) -> None:
    assert application.partition(":")[0] in failed("--bind", "127.0.0.1:0", application)


def test_two_listeners_serve_the_same(engine: str, tmp_path: Path) -> None:
    path = f"{tmp_path}/s"
    with serving("--engine", engine, "--bind", f"unix:{path}", APPLICATION) as server:
        with Wire(path) as wire:
            assert wire.ask(request()).body == b"hello"
        with server.connect() as wire:
            assert wire.ask(request()).body == b"hello"


def test_ipv6(engine: str) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as free:
        port = free.getsockname()[1]
    with serving("--engine", engine, "--bind", f"[::1]:{port}", APPLICATION), Wire(("::1", port)) as wire:
        assert wire.ask(request()).body == b"hello"
