"""The program on a terminal of textual's own, asking a control socket that tells documented values."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from gearshift.control.server import ControlSocket
from gearshift.errors import GearshiftError
from gearshift.top.app import TopApp
from gearshift.top.row_table import RowTable
from tests.support.screen import screen_lines, screen_text, until, until_gone, until_shown
from tests.support.seen import connection, oldest_form, seen, stuck

INTERVAL = 0.1
Script = Callable[[Pilot[None]], Awaitable[None]]


class Told:
    """A server's end of the control socket, with values that a test may change."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.status = seen()
        self.passes = 0.0  # seconds of the server's clock between two answers, and 500 requests
        self.closed: list[int] = []
        self.errors: list[str] = []
        self.socket: ControlSocket | None = None

    def open(self) -> None:
        commands = {"status": self._status, "close": self._close, "stacks": self._stacks}
        self.socket = ControlSocket(self.path, commands, lambda what, error: self.errors.append(what))

    def shut(self) -> None:
        if self.socket is not None:
            self.socket.close()

    def _status(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.passes:
            self.status["uptime_seconds"] += self.passes
            self.status["requests"]["total"] += 500
        return self.status

    def _close(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["number"] == 1:
            raise GearshiftError("found no open connection 1, expected one of those in status")
        self.closed.append(request["number"])
        return {}

    def _stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"threads": [{"name": "pool-3", "native_id": 103, "stack": ["File x", "    wait\x1b[2J()"]}]}


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    found = Told(tmp_path / "s")
    found.open()
    yield found
    found.shut()
    assert found.errors == []


@contextlib.asynccontextmanager
async def watching(told: Told, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    app = TopApp([(0, told.path)], INTERVAL)
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, told.status["application"])
        yield pilot


def run(told: Told, script: Script, size: tuple[int, int] = (80, 24)) -> None:
    async def whole() -> None:
        async with watching(told, size) as pilot:
            await script(pilot)

    asyncio.run(whole())


def table_of(pilot: Pilot[None], id: str = "connections") -> RowTable:
    return pilot.app.query_one(f"#{id}", RowTable)


def numbers(table: RowTable) -> list[int]:
    return [row["number"] for row in table.shown]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 12)])
def test_the_first_sight(told: Told, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "s Sort")
        lines = screen_lines(pilot.app)
        assert len(lines) <= size[1]
        assert max(map(len, lines)) <= size[0]
        assert lines[0].startswith("shop:app  engine pool, 16 threads")
        assert any("[1 connections 3]" in line for line in lines)
        if size[0] < 80:
            return
        text = "\n".join(lines)
        for part in (
            "1 running  2 waiting  3 shed  1000 in all  3 connections",
            "pool 1 busy, 7 idle of 16; queue 2, oldest waits 12.0ms  fds 45 of 1024",
            "0/2048  SYN 0  drops 0",
            "2 threads 2",
            "4 stuck 1",
            "connections: 3, by # ascending",
            "CLOSE-WAIT closing",
            "in handler      4.0s GET /orders/17",
            "s Sort",
            "q Quit",
        ):
            assert part in text
        # Of an address that is too long the end with the port is seen.
        assert re.search(r"~[0-9a-f:]+\]:44321 ", text)

    run(told, script, size)


def test_wide_terminals_show_more(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        text = screen_text(pilot.app)
        assert "40K" not in text
        await pilot.resize_terminal(220, 50)
        await until_shown(pilot, " local")
        assert " 39K " in screen_text(pilot.app)
        await pilot.resize_terminal(60, 15)
        await until_gone(pilot, " local")
        assert max(map(len, screen_lines(pilot.app))) <= 60

    run(told, script)


def test_sideways(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        assert "inode" not in screen_text(pilot.app)
        await pilot.press(*["right"] * 6)
        await until_shown(pilot, "inode")
        await pilot.press(*["left"] * 6)
        await until_gone(pilot, "inode")

    run(told, script)


def test_rates_come_with_the_second_answer(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "- requests/s")
        told.passes = 2.0
        await until_shown(pilot, "250.0 requests/s  ")

    run(told, script)


def test_sorting(told: Told) -> None:
    told.status = seen(
        connections=[connection(n, requests=n % 3, age_seconds=100.0 - n) for n in range(1, 6)]
    )

    async def script(pilot: Pilot[None]) -> None:
        table = table_of(pilot)
        assert numbers(table) == [1, 2, 3, 4, 5]
        await pilot.press("r")
        assert numbers(table) == [5, 4, 3, 2, 1]
        await until_shown(pilot, "#v")
        await pilot.press("s")
        await until_shown(pilot, "sort connections by")
        await pilot.press("down", "down", "down", "down", "down", "down", "enter")
        await until_gone(pilot, "sort connections by")
        assert table.column.title == "age"
        assert numbers(table) == [1, 2, 3, 4, 5]
        await until_shown(pilot, "by age descending")
        await pilot.press("s", "escape")
        assert table.column.title == "age"
        await pilot.click(RowTable, offset=(2, 1))
        assert (table.column.title, numbers(table)) == ("#", [5, 4, 3, 2, 1])
        told.status = seen(connections=[connection(n) for n in range(3, 8)])
        await until(pilot, lambda: numbers(table) == [7, 6, 5, 4, 3], "new rows come in the same order")

    run(told, script)


def test_filters_and_texts(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        table = table_of(pilot)
        for name, left in (("CLOSE-WAIT", [2]), ("idle", [1]), ("slow", [3])):
            await pilot.press("f")
            assert numbers(table) == left
            await until_shown(pilot, f"connections: 1 of 3, by # ascending, only {name}")
        await pilot.press("f")
        assert numbers(table) == [1, 2, 3]
        await pilot.press("slash", *"orderq")
        assert numbers(table) == []
        await pilot.press("backspace")
        assert numbers(table) == [3]
        await pilot.press("enter")
        await until_shown(pilot, "connections: 1 of 3, by # ascending, with 'order'")
        await pilot.press("r")  # keys are the table's again
        assert table.descending
        await pilot.press("escape")
        assert numbers(table) == [3, 2, 1]
        await pilot.press("slash", *"20001", "escape")
        assert numbers(table) == [3, 2, 1]
        assert pilot.app.focused is table

    run(told, script)


def test_the_cursor_stays_on_its_row(told: Told) -> None:
    told.status = seen(connections=[connection(n) for n in range(1, 101)])

    async def script(pilot: Pilot[None]) -> None:
        table = table_of(pilot)
        await pilot.press("pagedown")
        assert table.current is not None
        await pilot.press(*["down"] * (31 - table.current["number"]))
        assert table.current is not None
        assert table.current["number"] == 31
        await until_shown(pilot, "127.0.0.1:20031")
        told.status = seen(connections=[connection(n) for n in range(20, 101)])
        await until(pilot, lambda: len(table.shown) == 81, "the first have gone")
        assert table.current["number"] == 31
        told.status = seen(connections=[connection(n) for n in range(32, 101)])
        await until(pilot, lambda: len(table.shown) == 69, "its row has gone too")
        assert table.current is not None
        await pilot.press("end")
        assert table.current["number"] == 100
        await until_shown(pilot, "127.0.0.1:20100")
        await pilot.press("home", "pagedown", "pageup", "up")
        assert table.current["number"] == 32
        told.status = seen(connections=[])
        await until_shown(pilot, "connections: 0")
        await pilot.press("down", "x")
        await until_shown(pilot, "close: no connection is there")

    run(told, script)


def test_closing_asks_first(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await pilot.press("down", "down", "x")
        await until_shown(pilot, "Close connection 3?")
        assert "GET /orders/17" in screen_text(pilot.app)
        await pilot.press("n")
        await until_gone(pilot, "Close connection 3?")
        await pilot.press("x", "enter")  # no yes
        assert told.closed == []
        await pilot.press("y")
        await until_shown(pilot, "connection 3 is told to close")
        assert told.closed == [3]
        await pilot.press("home", "x", "y")
        await until_shown(pilot, "close: found no open connection 1, expected one of those in status")

    run(told, script)


def test_all_that_is_known_of_a_row(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_shown(pilot, "inode: 70001")
        await pilot.press("escape")
        await until_gone(pilot, "inode: 70001")
        await pilot.press("3", "enter")
        await until_shown(pilot, "handler mean_seconds: 0.02")
        await pilot.press("q")  # back, not the end
        await until_shown(pilot, "slowest requests")

    run(told, script)


def test_the_other_tables(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await until_shown(pilot, "threads: 2, by name ascending")
        assert "[2 threads 2]" in screen_text(pilot.app)
        assert "in handler     4.0s GET /orders/17" in screen_text(pilot.app)
        await pilot.press("3")
        await until_shown(pilot, "kinds of requests: 2, by total descending")
        text = screen_text(pilot.app)
        assert "slowest requests: 2, by total descending; split:" in text
        assert "GET /orders/*" in text
        assert "200    1.2s qqqhhhhhhhhh" in text
        await pilot.press("tab", "r")
        assert table_of(pilot, "slowest").descending is False
        assert table_of(pilot, "kinds").descending is True
        await pilot.press("4")
        await until_shown(pilot, 'File "shop.py", line 12, in checkout')
        assert "    time.sleep(60)" in screen_text(pilot.app)
        assert "GET /orders/17" in screen_text(pilot.app)
        await pilot.press("f", "x")  # of connections only
        assert table_of(pilot, "stuck-requests").filter.value == "all"
        told.status = seen(stuck=[])
        await until_gone(pilot, "checkout")
        await until_shown(pilot, "stuck requests: 0")
        await pilot.press("1")
        await until_shown(pilot, "[1 connections 3]")

    run(told, script)


def test_the_stack_is_that_of_the_chosen_request(told: Told) -> None:
    told.status = seen(
        stuck=[
            stuck("GET /a", 9.0, stack=["File a"]),
            stuck("GET /b", 5.0, stack=["File b\x1b[2J"], owner="pool-4", connection=8),
        ]
    )

    async def script(pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await until_shown(pilot, "File a")
        await pilot.press("down")
        await until_shown(pilot, "File b\\x1b[2J")
        assert "File a" not in screen_text(pilot.app)

    run(told, script, (160, 40))


def test_an_old_server_is_shown_as_far_as_it_tells(told: Told) -> None:
    told.status = oldest_form(descriptors=None, host=None)

    async def script(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "connections: not told by this server")
        for key, words in (
            ("2", "threads: not told by this server"),
            ("3", "slowest requests: not told by this server"),
            ("4", "stuck requests: not told by this server"),
        ):
            await pilot.press(key, "down", "r", "enter")
            await until_shown(pilot, words)

    run(told, script)


def test_a_server_that_vanishes_and_comes_again(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        told.shut()
        await until_shown(pilot, "NO ANSWER for ")
        await until_shown(pilot, "q ends")
        assert "no server can be reached there" in screen_text(pilot.app).replace("\n", " ")
        assert "127.0.0.1:20001" in screen_text(pilot.app)  # what was seen last stays
        await pilot.press("d")
        await until_shown(pilot, "stacks: ")
        told.open()
        await until_gone(pilot, "NO ANSWER")
        told.shut()
        await until_shown(pilot, "NO ANSWER for ")
        await pilot.press("q")

    run(told, script, (120, 30))


def test_a_pause(told: Told) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await pilot.press("p")
        await until_shown(pilot, "PAUSED")
        told.status = seen(application="other:app")
        await pilot.press("2", "1", "r")
        assert "shop:app" in screen_text(pilot.app)
        assert numbers(table_of(pilot)) == [3, 2, 1]
        await pilot.press("p")
        await until_gone(pilot, "PAUSED")
        await until_shown(pilot, "other:app")

    run(told, script)


def test_stacks_are_shown_and_kept(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def script(pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until_shown(pilot, "thread pool-3 (103)")
        [file] = tmp_path.glob("gearshift-stacks-4711-*.txt")
        assert str(file) in screen_text(pilot.app)
        assert file.read_text() == "thread pool-3 (103)\n  File x\n      wait\\x1b[2J()\n"
        assert file.stat().st_mode & 0o777 == 0o600
        await pilot.press("escape")
        await until_gone(pilot, "thread pool-3 (103)")
        assert file.name in screen_text(pilot.app)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
        await pilot.press("d")
        await until_shown(pilot, "in no file: ")

    run(told, script, (220, 40))


def test_text_of_a_client_does_nothing_to_the_terminal(told: Told) -> None:
    path = "/\x1b[2J[bold]x[/bold]\r\n" + "寿司" * 20
    told.status = seen(connections=[connection(1, method="GET", path=path, phase="in handler")])

    async def script(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "GET /\\x1b[2J")
        await pilot.press("enter")
        await until_shown(pilot, "path: /\\x1b[2J[bold]x[/bold]\\x0d\\x0a")
        await pilot.press("escape", "x")
        await until_shown(pilot, "Close connection 1? 127.0.0.1:20001 GET")
        await until_shown(pilot, "/\\x1b[2J[bold]x[/bold]\\x0d\\x0a寿司")

    run(told, script, (200, 24))


async def seconds_for(pilot: Pilot[None], work: Callable[[], Awaitable[None]]) -> float:
    began = time.monotonic()
    await work()
    await pilot.pause()
    return time.monotonic() - began


def test_ten_thousand_connections_are_drawn_as_quickly_as_ten(told: Told) -> None:
    """Only rows in sight are made into text; a key costs what it costs with few."""
    costs = {}
    cells = {}
    for count in (10, 10_000):
        told.status = seen(connections=[connection(n) for n in range(1, count + 1)])

        async def script(pilot: Pilot[None], count: int = count) -> None:
            table = table_of(pilot)
            await until(pilot, lambda: len(table.shown) == count, "all are there", 30)
            await pilot.press("p")
            made = 0
            render = table.render_line

            def counted(y: int) -> Any:
                nonlocal made
                made += 1
                return render(y)

            table.render_line = counted  # type: ignore[method-assign]

            async def keys() -> None:
                for key in ["pagedown", "down", "up", "end", "home"] * 4:
                    await pilot.press(key)

            costs[count] = await seconds_for(pilot, keys)
            cells[count] = made
            await pilot.press("end")
            await until_shown(pilot, f"127.0.0.1:{20000 + count}")

        run(told, script)
    assert 0 < cells[10_000] <= 20 * 2 * 24
    assert costs[10_000] < 3 * costs[10] + 0.5, costs
