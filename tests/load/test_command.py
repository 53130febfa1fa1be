"""`gearshift load` as a user types it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import gearshift
from tests.support.process import environment
from tests.support.terminal import on_a_terminal

COMMAND = [sys.executable, "-m", "gearshift", "load"]


def app(environ, start_response):  # type: ignore[no-untyped-def]
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with gearshift.Server(app, engine="epoll", bind="127.0.0.1:0", error_log="/dev/null") as server:
        yield server.url


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
        cwd=folder,
        check=False,
    )


def test_json_is_one_object_and_nothing_else_is_said(url: str) -> None:
    done = run(url, "--json", "--connections", "4", "--seconds", "0.3", "--warmup=0.1")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert told["requests"] > 10
    assert told["requests_per_second"] == pytest.approx(told["requests"] / told["seconds"])
    assert told["errors"] == {}
    assert told["statuses"] == {"200": told["requests"] + told["answered_late"]}
    assert told["connections_opened"] == told["connections"] == 4
    assert (told["loop"], told["rate"], told["due_but_not_sent"]) == ("closed", None, 0)
    latency = told["latency_ms"]
    names = ["p50", "p75", "p90", "p99", "p99_9", "p99_99", "max"]
    assert sorted(latency) == sorted([*names, "mean"])
    assert [latency[name] for name in names] == sorted(latency[name] for name in names)
    assert 0 < latency["mean"] < latency["max"]


def test_the_report_is_for_people(url: str) -> None:
    done = run(url, "--connections", "2", "--seconds", "0.2", "--rate", "100")
    assert (done.returncode, done.stderr) == (0, "")
    assert "open loop, 100 requests due a second, 2 connections" in done.stdout
    for line in (
        "  answered   ",
        " in 0.20 s: ",
        "  errors     none",
        "  statuses   200: ",
        "p99.99",
        "from sending",
    ):
        assert line in done.stdout


def test_one_that_answers_nothing_fails(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = run(f"http://127.0.0.1:{listener.getsockname()[1]}", "--seconds", "0.2", "--timeout", "0.1")
    assert done.returncode == 1
    assert "no answer in time" in done.stdout
    assert "latency    none measured" in done.stdout
    assert "requests that failed have none" in done.stdout


def test_nobody_there_is_one_line() -> None:
    done = run("http://127.0.0.1:1/")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "gearshift: http://127.0.0.1:1/: found nothing that accepts connections (Connection refused)\n"
    )


def test_ctrl_c_ends_it_with_what_was_measured(url: str) -> None:
    began = time.monotonic()
    variables = {**environment(), "TERM": "xterm"}
    command = [*COMMAND, url, "--seconds", "60", "--connections", "3"]
    with on_a_terminal(command, Path.cwd(), variables) as terminal:
        terminal.shows("/s  p99 ")  # the progress bar
        terminal.popen.send_signal(signal.SIGINT)
        assert terminal.ended() == 0
        assert b"note: ended early" in terminal.written
        assert b"p99.99" in terminal.written
        assert b"Traceback" not in terminal.written
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["latency.svg", "latency.png"])
@pytest.mark.parametrize("loop", [[], ["--rate", "200"]], ids=["closed", "open"])
def test_a_plot_is_drawn(url: str, tmp_path: Path, name: str, loop: list[str]) -> None:
    done = run(url, "--seconds", "0.3", "--connections", "2", "--plot", name, *loop, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    drawn = (tmp_path / name).read_bytes()
    if name.endswith("svg"):
        assert b"</svg>" in drawn
    else:
        assert drawn.startswith(b"\x89PNG")


def test_a_plot_without_matplotlib_is_one_line(url: str) -> None:
    hidden = (
        "import sys; sys.modules['matplotlib'] = None;"
        "from gearshift.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden, "load", url, "--plot", "x.svg"],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "gearshift: --plot: found no module matplotlib, expected it: pip install 'gearshift[lab]'\n"
    )


MISTAKES = [
    ([], "load: found no URL, expected one, as in gearshift load http://127.0.0.1:8088/"),
    (["https://example.com"], "URL: found 'https://example.com', expected http:// (https is not spoken yet)"),
    (["--connections"], "--connections: found nothing, expected a whole number"),
    (["{url}", "--connections", "0"], "--connections: found '0', expected a whole number from 1 to 100000"),
    (["{url}", "--seconds", "soon"], "--seconds: found 'soon', expected a number from 0.1 to 86,400"),
    (["{url}", "--rate", "nan"], "--rate: found 'nan', expected a number from 0.01 to 10,000,000"),
    (["{url}", "--pipeline", "2", "--close"], "--pipeline: found --close too, expected one of them"),
    (["{url}", "--header", "broken"], "--header: found 'broken', expected 'Name: value', printable"),
    (["{url}", "--header", "a: b\nc: d"], "--header: found 'a: b\\nc: d', expected 'Name: value', printable"),
    (["{url}", "--method", "GET /"], "--method: found 'GET /', expected a method's name, not CONNECT"),
    (["{url}", "--plot", "x.pdf"], "--plot: found 'x.pdf', expected a file that ends in .svg or .png"),
    (
        ["{url}", "--plot", "no/x.svg"],
        "--plot: found 'no/x.svg', expected a file in a folder that can be written to",
    ),
    (
        ["{url}", "--requests", "gone"],
        "--requests: found 'gone': No such file or directory, expected a file that can be read",
    ),
    (
        ["{url}", "--requests", "wrong"],
        "wrong:2: found 'GET a b', expected METHOD PATH, or a path that begins with /",
    ),
    (
        ["{url}", "--body", "@gone"],
        "--body: found 'gone': No such file or directory, expected a file that can be read",
    ),
    (["{url}", "{url}"], "load: found '{url}', expected one of "),
]


@pytest.mark.parametrize(("arguments", "line"), MISTAKES, ids=[" ".join(said) for said, _ in MISTAKES])
def test_mistakes_are_one_line(url: str, tmp_path: Path, arguments: list[str], line: str) -> None:
    (tmp_path / "wrong").write_text("/fine\nGET a b\n")
    done = run(*(argument.replace("{url}", url) for argument in arguments), folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"gearshift: {line.replace('{url}', url)}")
    assert done.stderr.count("\n") == 1


def test_more_connections_than_descriptors_are_refused_ahead(url: str) -> None:
    limited = 'ulimit -n 200; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", limited, "sh", *COMMAND, url, "--connections", "1000"],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        "gearshift: --connections: found 1000, expected at most 136: this process may open"
    )


def test_serving_needs_nothing_of_it() -> None:
    script = (
        "import sys; import gearshift.cli.serve, gearshift.server;"
        "sys.exit(any(name.startswith('gearshift.load') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], env=environment(), check=False).returncode == 0
