"""`gearshift bench` as a user runs it, on applications whose best engine is known beforehand."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.applications.served import COMMAND, environment
from tests.support.terminal import on_a_terminal
from tests.support.waiting import eventually

SHOP = """
import time


def waiting(environ, start_response):
    time.sleep(0.02)
    return quick(environ, start_response)


def quick(environ, start_response):
    status = "500 Internal Server Error" if environ["PATH_INFO"] == "/broken" else "200 OK"
    start_response(status, [("Content-Type", "text/plain")])
    return [b"hello"]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def failing():
    raise LookupError("no configuration")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the applications, and one of files."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "index.html").write_text("<h1>hello</h1>\n")
    return tmp_path


def bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "bench", *arguments],
        cwd=folder,
        env=environment({}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_handlers_that_wait_want_threads(folder: Path) -> None:
    """One after another they are answered 50 a second; 16 at a time, 800."""
    result = told(
        bench(
            folder, "shop:waiting", "--engines", "epoll,pool", "--threads", "16", "--connections", "16",
            "--seconds", "11", "--json",
        )
    )  # fmt: skip
    by_name = {one["name"]: one for one in result["candidates"]}
    assert by_name.keys() == {"epoll", "pool 16"}
    epoll, pool = by_name["epoll"], by_name["pool 16"]
    assert 0 < epoll["full_load"] < 51
    assert epoll["full_load"] * 3 < pool["sustained"] < 801
    assert "not searched" in epoll["note"]
    assert pool["searches"] > 1
    low, high = pool["sustained_range"]
    assert low <= pool["sustained"] <= high
    assert pool["threads"] >= 16 > epoll["threads"]
    assert pool["switches"] > 0.5  # a request's thread waits at least in its sleep
    assert pool["cpu_us"] > 0
    assert pool["peak_memory_bytes"] >= pool["memory_bytes"] > 2**20
    assert pool["latency_ms"]["p50"] >= 20
    assert {run["kind"] for run in pool["runs"]} == {"closed", "search", "common"}
    verdict = result["verdict"]
    assert (verdict["engine"], verdict["threads"]) == ("pool", 16)
    assert verdict["use"] == "--engine pool --threads 16"
    assert any("Its handlers wait" in sentence for sentence in verdict["words"])
    assert result["kind"] == "wsgi"
    assert not result["interrupted"]
    assert result["seconds"] < 15


def test_a_target_that_nothing_meets_is_said_with_what_came_nearest(folder: Path) -> None:
    result = told(
        bench(
            folder, "shop:waiting", "--engines", "pool", "--threads", "2", "--connections", "2",
            "--target-ms", "5", "--seconds", "6", "--json",
        )
    )  # fmt: skip
    assert result["verdict"]["use"] is None
    assert result["verdict"]["sure"] == "none"
    words = " ".join(result["verdict"]["words"])
    assert "No engine keeps 99 of 100 answers within 5 ms" in words
    assert "Nearest came pool with 2 threads" in words


def test_the_report_of_a_folder_and_the_words_on_the_terminal(folder: Path) -> None:
    done = bench(folder, "./files", "--engines", "auto,thread", "--seconds", "8", "--report", "report.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Use --engine ")
    assert "The report is in report.html." in done.stdout
    assert re.search(r"^auto +[\d,]+", done.stdout, re.MULTILINE)
    page = (folder / "report.html").read_text()
    assert page.count("<svg ") == 4
    assert "gearshift serve ./files --engine " in page
    # It needs nothing but itself: no address stands in it but those that name SVG's vocabulary.
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_ctrl_c_keeps_what_was_measured_and_leaves_no_server(folder: Path) -> None:
    command = [*COMMAND, "bench", "shop:quick", "--engines", "auto,epoll", "--seconds", "12"]
    with on_a_terminal(command, folder, environment({}), columns=120) as terminal:
        terminal.shows("epoll: how much it can do", within=50)
        terminal.popen.send_signal(signal.SIGINT)
        assert terminal.ended() == 130
        said = terminal.written.decode()
        assert "Interrupted after" in said
        assert "Use --engine auto" in said
        assert "Traceback" not in said
    eventually(lambda: not servers_in(folder), "no server is left")


def servers_in(folder: Path) -> list[str]:
    """Processes that run in that folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == folder:
                    found.append(entry.name)
            except OSError:
                continue
    return found


def test_requests_that_are_answered_5xx_are_left_out(folder: Path) -> None:
    (folder / "requests.txt").write_text("/\n/broken\nGET /again\n")
    result = told(
        bench(
            folder, "shop:asgi", "--engines", "auto", "--requests", "requests.txt", "--seconds", "5", "--json"
        )
    )
    assert result["kind"] == "asgi"
    assert result["requests"] == {"sent": 3, "different": 3, "notes": []}
    done = bench(folder, "shop:quick", "--path", "/broken", "--seconds", "5")
    assert done.returncode == 1
    assert done.stderr == "gearshift: GET /broken: answered 500, expected an answer that is no 5xx\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["shoop:app"], 2, "shoop:app: no module named 'shoop' in the current folder"),
        (["shop:failing()"], 1, "LookupError: no configuration"),
        (["shop:quick", "--versus", "waitres"], 2, "did you mean waitress?"),
        (["shop:quick", "--path", "x"], 2, "--path: found 'x', expected a path that begins with /"),
        (["shop:quick", "--path", "/", "--requests", "x"], 2, "--path: found --requests too, expected one"),
        (["shop:quick", "--access-log", "x"], 2, "--access-log: x: No such file or directory"),
        (["shop:quick", "--target-ms", "0"], 2, "--target-ms: found '0', expected a number of milliseconds"),
        (["shop:quick", "--connections", "1.5"], 2, "--connections: found '1.5', expected a whole number"),
        (["shop:quick", "--engines", "poll"], 2, "--engines: found 'poll', expected some of auto, pool"),
        (["shop:quick", "--threads", "4,x"], 2, "--threads: found '4,x', expected whole numbers from 1"),
        (["shop:quick", "--seconds", "1"], 2, "--seconds: found '1', expected a number of seconds from 5"),
        (["shop:quick", "--report", "none/report.html"], 2, "--report: found 'none/report.html', expected"),
        (["shop:quick", "more"], 2, "bench: found 'more', expected"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_one_line(
    arguments: list[str], code: int, words: str, folder: Path
) -> None:
    done = bench(folder, *arguments)
    assert done.returncode == code
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("gearshift: ")
    assert words in last
    assert ("Traceback" in done.stderr) == (code == 1)
