"""`gearshift serve --status` as a user types it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.applications.served import gearshift_command, serving
from tests.support.status_client import ask

APP = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.py").write_text(APP)
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_the_banner_says_where_it_is(folder: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with serving("hello:app", "--status", address, folder=folder) as served:
        assert f"\n  status page http://{address}/\n" in served.out()
        assert ask(f"http://{address}/", "/status.json").json()["pid"] == served.pid
        assert served.stop() == 0
        assert served.err().count("\n") == served.err().count("SIGTERM: draining")


def test_a_token_from_the_environment_is_nowhere_shown(folder: Path) -> None:
    variables = {"GEARSHIFT_STATUS_TOKEN": "open-sesame", "GEARSHIFT_STATUS": f"127.0.0.1:{free_port()}"}
    with serving("hello:app", folder=folder, variables=variables) as served:
        url = f"http://{variables['GEARSHIFT_STATUS']}/"
        assert f"\n  status page {url}?token=TOKEN\n" in served.out()
        assert ask(url).status == 401
        assert ask(url, Authorization="Bearer open-sesame").status == 200
        assert "sesame" not in served.out() + served.err()
    said = gearshift_command("settings", folder=folder, variables=variables).out
    assert "sesame" not in said
    assert "(not shown)" in said


@pytest.mark.parametrize(
    ("arguments", "variables", "line"),
    [
        (
            ["--status", "0.0.0.0:8089"],
            {},
            "--status: found 0.0.0.0:8089 and no token, expected an address of this machine alone"
            " (127.0.0.1:PORT, [::1]:PORT, unix:PATH), or a --status-token too",
        ),
        (
            [],
            {"GEARSHIFT_STATUS": ":8089"},
            "GEARSHIFT_STATUS: found :8089 and no token, expected an address of this machine alone"
            " (127.0.0.1:PORT, [::1]:PORT, unix:PATH), or a --status-token too",
        ),
        (
            ["--status", "8089"],
            {},
            "--status: found '8089', expected HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH, unix:@NAME, fd:N or systemd",
        ),
        (
            ["--status", "127.0.0.1:0", "--status-token", "a b"],
            {},
            "--status-token: found another, expected printable ASCII without spaces",
        ),
    ],
)
def test_a_wrong_address_is_one_line(
    folder: Path, arguments: list[str], variables: dict[str, str], line: str
) -> None:
    ended = gearshift_command(
        "serve", "hello:app", "--bind", "127.0.0.1:0", *arguments, folder=folder, variables=variables
    )
    assert (ended.code, ended.line) == (2, f"gearshift: {line}")


def test_an_address_that_is_taken_is_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = gearshift_command(
            "serve", "hello:app", "--bind", "127.0.0.1:0", "--status", address, folder=folder
        )
    assert ended.code == 1
    assert ended.line.startswith(f"gearshift: cannot listen on {address}: the port is in use")


def test_a_server_killed_in_a_handler_leaves_no_socket_file(folder: Path) -> None:
    path = folder / "status.sock"
    (folder / "stuck.py").write_text("import time\n\ndef app(environ, start_response):\n    time.sleep(60)\n")
    arguments = ("stuck:app", "--engine", "epoll", "--status", f"unix:{path}", "--timeout-drain", "0.2")
    with (
        serving(*arguments, folder=folder) as served,
        socket.create_connection(("127.0.0.1", served.port)) as client,
    ):
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert path.exists()
        assert served.stop() == 1
        assert not path.exists()
