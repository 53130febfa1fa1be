"""`gearshift serve --tcp` and `--udp`, as people type them."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import gearshift
from gearshift.client import Client
from tests.support.process import ROOT, command, environment, launch

PATIENCE = 10.0
PLACE = re.compile(r"(tcp|udp|http)://(\S+)")


@contextmanager
def serving(*arguments: str, places: int = 1) -> Iterator[tuple[subprocess.Popen[bytes], list[str], str]]:
    """A server, where it is reached, and the lines it said until it had told that."""
    process = launch(arguments)
    assert process.stdout is not None
    try:
        said = ""
        while len(PLACE.findall(said)) < places:
            line = process.stdout.readline().decode()
            assert line, f"it ended: {said}"
            said += line
        yield process, [place for _, place in PLACE.findall(said)], said
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stdout.close()


def test_tcp_and_udp_at_one_port_until_a_signal() -> None:
    with gearshift.Server(tcp="discard", bind="127.0.0.1:0") as taken:
        port = taken.url.rpartition(":")[2]
    place = f"127.0.0.1:{port}"
    with serving("--tcp", "echo", "--udp", "echo", "--bind", place, places=2) as (process, places, said):
        assert places == [place, place]
        assert said.startswith("Gearshift ")
        assert "serves the TCP handler echo and the UDP handler echo" in said
        assert re.search(r"udp://\S+ +receive buffer [\d,]+ bytes", said)
        with (
            gearshift.connect(place, PATIENCE) as stream,
            gearshift.connect(f"udp:{place}", PATIENCE) as other,
        ):
            assert stream.send(b"gear").receive_exactly(4) == b"gear"
            assert other.send(b"shift").receive() == b"shift"
            shown = subprocess.run(
                [*command()[:3], "status", "--pid", str(process.pid)],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                env=environment(),
            ).stdout
            assert f"receives at udp://{place} (descriptor " in shown
            assert "0 dropped; 1 received, 1 sent, 0 could not be sent" in shown
            process.send_signal(signal.SIGTERM)
            assert stream.receive() == b""
        assert process.wait(PATIENCE) == 0


def test_beside_a_folder(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("a file")
    flags = ("--bind", "127.0.0.1:0", "--tcp", "chat", "--tcp-bind", "127.0.0.1:0")
    with serving(str(tmp_path), *flags, places=2) as (_, [http, raw], _):
        with Client(http, PATIENCE).create().connect() as browser:
            browser.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert browser.receive_until(b"\r\n") == b"HTTP/1.1 200 OK\r\n"
        with gearshift.connect(raw, PATIENCE) as talker:
            assert talker.receive_until(b"\n") == b"* 0 others here\n"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--tcp", "ech"), "--tcp: found 'ech', expected module:Handler or one of echo, discard, chat"),
        (("--udp", "chat"), "--udp: found 'chat', expected module:Handler or one of echo, discard"),
        (("--tcp", "no_such_module:Handler"), "no module named 'no_such_module'"),
        (("--tcp", "gearshift.handlers:Ech"), "has no 'Ech' (did you mean Echo?)"),
        (
            ("--tcp", "gearshift.version:__version__"),
            "an object of the class str, expected a class of handlers",
        ),
        (("--tcp", "collections:deque"), "a class without received(), expected one with it"),
        (("--udp", "gearshift.handlers:Chat"), "expected one with it (did you mean --tcp?)"),
        ((".", "--tcp", "echo"), "--tcp: found no --tcp-bind, expected it beside an application"),
        ((".", "--udp", "echo"), "--udp: found no --udp-bind, expected it beside an application"),
        (("--tcp-bind", "127.0.0.1:0"), "--tcp-bind: found 127.0.0.1:0, expected it only with --tcp"),
        (("--udp", "echo", "--udp-bind", "unix:x"), "--udp-bind: found 'unix:x', expected HOST:PORT"),
        (("--udp", "echo", "--bind", "unix:x"), "--udp: found 'unix:x' in --bind, expected HOST:PORT there"),
        (("--tcp", "echo", "--tcp-bind", "nowhere"), "--tcp-bind: found 'nowhere', expected HOST:PORT"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(flags: tuple[str, ...], told: str) -> None:
    ended = subprocess.run(
        command(*flags), capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT, env=environment()
    )
    assert told in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.returncode == 2


def test_a_port_in_use() -> None:
    with gearshift.Server(udp="discard", bind="127.0.0.1:0") as server:
        port = server.url.rpartition(":")[2]
        ended = subprocess.run(
            command("--udp", "echo", "--bind", f"127.0.0.1:{port}"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=environment(),
        )
    assert f"cannot receive at udp://127.0.0.1:{port}: the port is in use (ss -lunp" in ended.stderr
    assert ended.returncode == 1


def test_the_start_without_them_imports_none_of_it() -> None:
    said = (
        "import sys, gearshift.cli.serve, gearshift.server as server; from gearshift.settings import Settings;"
        "serving = server.Serving(Settings.of(bind='127.0.0.1:0'), None); serving.open(); serving.close();"
        "found = [name for name in sys.modules if name.startswith(('gearshift.raw.', 'gearshift.client',"
        " 'gearshift.handlers'))];"
        "sys.exit(repr(found) if found else 0)"
    )
    ended = subprocess.run([command()[0], "-c", said], capture_output=True, text=True, timeout=PATIENCE)
    assert ended.stderr == ""
