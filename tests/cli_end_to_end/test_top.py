"""`gearshift top` on a terminal, beside the servers that it shows."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gearshift.top.app import TopApp
from gearshift.top.row_table import RowTable
from tests.applications.served import COMMAND, environment, gearshift_command
from tests.cli_end_to_end.test_control import Site, connected, site_of
from tests.support.screen import screen_text, until, until_gone, until_shown
from tests.support.terminal import Terminal, on_a_terminal

SET_COLOURS = re.compile(rb"\x1b\[([0-9;]+)m")
DIFFERENT = ("thread", "auto")  # a thread for each connection, and threads that take turns
LEAVES = b"\x1b[?1049l"  # the screen that was there before comes back


@contextlib.contextmanager
def top(
    site: Site,
    *arguments: str,
    columns: int = 80,
    lines: int = 24,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    whole = {
        **environment({"XDG_RUNTIME_DIR": str(site.runtime)}),
        "TERM": "xterm-256color",
        **(variables or {}),
    }
    with on_a_terminal([*COMMAND, "top", *arguments], site.folder, whole, columns, lines) as terminal:
        yield terminal


def test_the_only_server_is_shown_until_q(folder: Path) -> None:
    with site_of(folder, "--engine", "pool", "--threads", "3", "hello:app") as site:
        with top(site) as terminal:
            terminal.shows("hello:app")
            terminal.shows("engine pool, 3 threads asked")
            terminal.shows(site.served.url)
            terminal.resize(132, 40)
            terminal.shows(site.served.url)
            terminal.type("q")
            assert terminal.ended() == 0
            assert LEAVES in terminal.written
            assert b"Traceback" not in terminal.written
        assert site.served.stop() == 0


@pytest.mark.parametrize("no_color", [True, False])
def test_text_has_the_terminals_own_colours(no_color: bool, folder: Path) -> None:
    """On a dark and on a light terminal it is legible; with NO_COLOR nothing has a colour."""
    with (
        site_of(folder, "hello:app") as site,
        top(site, variables={"NO_COLOR": "1"} if no_color else {}) as terminal,
    ):
        terminal.shows("hello:app", keep=True)
        terminal.type("s")
        terminal.shows("sort connections by", keep=True)
        terminal.type("qq")
        assert terminal.ended() == 0
        colours = {code for codes in SET_COLOURS.findall(terminal.written) for code in codes.split(b";")}
        assert b"39" in colours or no_color
        # 38 and 48 begin a colour of one's own; 34, 44, 97 are blue and white: the borders, the chosen line.
        assert colours & {b"38", b"48"} == set()
        if no_color:
            assert colours <= {b"0", b"1", b"2", b"4", b"7", b"39", b"49", b"1;4"}


@pytest.mark.parametrize("how", ["pid", "control"])
def test_a_server_that_ends_is_told_and_ctrl_c_ends_it(how: str, folder: Path) -> None:
    with site_of(folder, "hello:app") as site:
        said = str(site.served.pid if how == "pid" else site.control)
        with top(site, f"--{how}", said, "--interval=0.1", columns=160) as terminal:
            terminal.shows("hello:app")
            assert site.served.stop() == 0
            terminal.shows("NO ANSWER for ")
            terminal.type("\x03")
            assert terminal.ended() == 0


def test_sigterm_leaves_the_terminal_as_it_was(folder: Path) -> None:
    with site_of(folder, "hello:app") as site, top(site) as terminal:
        terminal.shows("hello:app")
        terminal.popen.send_signal(signal.SIGTERM)
        assert terminal.ended() == 0
        assert LEAVES in terminal.written


def test_of_several_servers_one_is_picked(folder: Path) -> None:
    with (
        site_of(folder, "--engine", "epoll", "hello:app") as one,
        site_of(folder, "--engine", "pool", "hello:factory()") as other,
    ):
        first, second = sorted((one, other), key=lambda site: site.served.pid)
        with top(one, columns=120) as terminal:
            terminal.shows("2 servers of this user run:")
            terminal.type("\x1b[B\r")
            terminal.shows(f"pid {second.served.pid}")
            terminal.type("q")
            assert terminal.ended() == 0
        with top(one, columns=120) as terminal:
            terminal.shows(first.served.url)
            terminal.type("q")
            assert terminal.ended() == 0
            assert LEAVES in terminal.written


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("", "--pid: found no running server of this user, expected one (or --control PATH)"),
        ("pool", "top: found 'pool', expected one of --interval, --pid, --control"),
        ("--json", "top: found '--json', expected one of --interval, --pid, --control"),
        ("--pid x", "--pid: found 'x', expected the number of a process that is a server"),
        ("--pid 1 --control x", "--pid: found --control too, expected one of them"),
        ("--interval", "--interval: found nothing, expected a number of seconds from 0.1 to 3600"),
        ("--interval soon", "--interval: found 'soon', expected a number of seconds from 0.1 to 3600"),
        ("--interval=0", "--interval: found '0', expected a number of seconds from 0.1 to 3600"),
        ("--interval=nan", "--interval: found 'nan', expected a number of seconds from 0.1 to 3600"),
        ("--interval=3601", "--interval: found '3601', expected a number of seconds from 0.1 to 3600"),
        ("--control x", "top: found no terminal, expected one (gearshift status prints once)"),
    ],
)
def test_wrong_use_is_one_line_and_2(arguments: str, line: str, tmp_path: Path) -> None:
    done = gearshift_command(
        "top", *arguments.split(), folder=tmp_path, variables={"XDG_RUNTIME_DIR": str(tmp_path)}
    )
    assert (done.code, done.line) == (2, f"gearshift: {line}")


def test_without_textual_it_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['textual'] = None; from gearshift.cli import main;"
        " sys.exit(main(['top', '--control', 'x']))"
    )
    with on_a_terminal([sys.executable, "-c", program], tmp_path, environment({})) as terminal:
        assert terminal.ended() == 2
        assert terminal.written.decode().replace("\r\n", "\n") == (
            "gearshift: top: found no module textual, expected it: pip install 'gearshift[top]'\n"
        )


def test_help(tmp_path: Path) -> None:
    done = gearshift_command("top", "--help", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("usage: gearshift top [--interval SECONDS] [--pid PID | --control PATH]\n")
    for flag in ("--interval SECONDS", "--pid PID", "--control PATH"):
        assert f"\n  {flag} " in done.out
    assert "\n  top " in gearshift_command("--help", folder=tmp_path).out


def test_serving_imports_nothing_of_it(tmp_path: Path) -> None:
    program = (
        "import sys; from gearshift.cli import main; main(['settings']);"
        " import gearshift.server, gearshift.cli.serve, gearshift.cli.status;"
        " print([name for name in sys.modules if name.startswith(('gearshift.top', 'textual', 'rich'))])"
    )
    with on_a_terminal([sys.executable, "-c", program], tmp_path, environment({})) as terminal:
        assert terminal.ended() == 0
        assert terminal.written.decode().splitlines()[-1] == "[]"


def test_what_a_server_does_is_seen_as_it_happens(
    engine: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that runs, and the stack of the thread that runs it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def watch(site: Site) -> None:
        app = TopApp([(site.served.pid, str(site.control))], 0.1)
        async with app.run_test(size=(160, 50)) as pilot:
            await until_shown(pilot, "0 running")
            with connected(site) as client:
                client.sendall(b"GET /sleep/60 HTTP/1.1\r\nHost: x\r\n\r\n")
                await until_shown(pilot, "1 running")
                await until_shown(pilot, "1 connection")
                await pilot.press("d")
                await until_shown(pilot, "thread MainThread")
                [file] = tmp_path.glob(f"gearshift-stacks-{site.served.pid}-*.txt")
                assert file.name in screen_text(pilot.app)
                assert 'hello.py", line ' in file.read_text()
                assert "time.sleep(" in file.read_text()
                await pilot.press("escape")
                await until_gone(pilot, "thread MainThread")
            site.served.tell(signal.SIGKILL)
            await until_shown(pilot, "NO ANSWER for ")

    with site_of(folder, "--engine", engine, "hello:app") as site:
        asyncio.run(watch(site))


def address_of(client: socket.socket) -> str:
    host, port = client.getsockname()
    return f"{host}:{port}"


@pytest.mark.parametrize("engine", DIFFERENT)
def test_connections_are_found_and_closed(engine: str, folder: Path) -> None:
    """One that rests, and one whose peer has ended its side while a handler runs."""

    async def watch(site: Site) -> None:
        app = TopApp([(site.served.pid, str(site.control))], 0.1)
        async with app.run_test(size=(160, 50)) as pilot:
            table = app.query_one("#connections", RowTable)
            with connected(site) as resting, connected(site) as leaving:
                resting.sendall(b"GET /thread HTTP/1.1\r\nHost: x\r\n\r\n")
                assert resting.recv(1000).startswith(b"HTTP/1.1 200 ")
                await until(pilot, lambda: [row["phase"] for row in table.shown] == ["idle"] * 2, "both rest")
                number = table.shown[0]["number"]
                assert table.shown[0]["remote"] == address_of(resting)
                await pilot.press("home", "x")
                await until_shown(pilot, f"Close connection {number}? {address_of(resting)}")
                await pilot.press("y")
                await until_shown(pilot, f"connection {number} is told to close")
                await until_shown(pilot, "connections: 1,")
                with contextlib.suppress(ConnectionResetError):
                    assert resting.recv(1000) == b""
                leaving.sendall(b"GET /sleep/60 HTTP/1.1\r\nHost: x\r\n\r\n")
                leaving.shutdown(socket.SHUT_WR)
                await pilot.press("f")
                await until_shown(pilot, f"{address_of(leaving):<21} CLOSE-WAIT in handler")
                await until_shown(pilot, "connections: 1, by # ascending, only CLOSE-WAIT")
                assert table.shown[0]["path"] == "/sleep/60"

    with site_of(folder, "--engine", engine, "hello:app") as site:
        asyncio.run(watch(site))


GATE = """
import os, time

def app(environ, start_response):
    while not os.path.exists("open"):
        time.sleep(0.01)
    start_response("200 OK", [])
    return [b"through"]
"""


@pytest.mark.parametrize("engine", DIFFERENT)
def test_threads_times_and_stuck_requests(engine: str, folder: Path) -> None:
    (folder / "gate.py").write_text(GATE)

    async def watch(site: Site) -> None:
        app = TopApp([(site.served.pid, str(site.control))], 0.1)
        async with app.run_test(size=(200, 50)) as pilot:
            with connected(site) as client:
                client.sendall(b"GET /orders/17 HTTP/1.1\r\nHost: x\r\n\r\n")
                await pilot.press("4")
                await until_shown(pilot, "time.sleep(0.01)")
                assert "GET /orders/17" in screen_text(app)
                assert "stuck requests: 1," in screen_text(app)
                await pilot.press("2")
                await until_shown(pilot, "in handler")
                assert "GET /orders/17" in screen_text(app)
                (folder / "open").touch()
                await asyncio.to_thread(client.recv, 1000)
            await pilot.press("3")
            await until_shown(pilot, "slowest requests: 1,")
            await until_shown(pilot, "kinds of requests: 1,")
            assert "hhhhhhhhh" in screen_text(app)

    with site_of(folder, "--engine", engine, "--slow-request", "0.3", "gate:app") as site:
        asyncio.run(watch(site))
