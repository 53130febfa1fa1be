"""docs/load.md: what it shows works, and what it lists is all there is."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gearshift
from gearshift.cli.parser import WITHOUT_SETTINGS, Command
from gearshift.load.report import ERRORS
from gearshift.load.tally import FAILURES
from tests.support.process import environment

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "load.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [line for language, body in BLOCKS if language == "sh" for line in body.splitlines()]
REQUESTS = next(body for _, body in BLOCKS if body.startswith("# what a visitor does"))
QUICKLY = ["--seconds", "0.2", "--json"]


def app(environ, start_response):  # type: ignore[no-untyped-def]
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What stands in the document, and what stands for it here."""
    path = tmp_path_factory.mktemp("load") / "socket"
    with gearshift.Server(
        app, engine="epoll", bind=["127.0.0.1:0", f"unix:{path}"], error_log="/dev/null"
    ) as server:
        yield {
            "http://127.0.0.1:8088": server.url.rstrip("/"),
            "unix:/run/shop/gearshift.sock": f"unix:{path}",
        }


def run(places: dict[str, str], command: str, folder: Path) -> dict[str, object]:
    for told, meant in places.items():
        command = command.replace(told, meant)
    words = [word for word in shlex.split(command)[1:] if word != "--json"]
    (folder / "requests.txt").write_text(REQUESTS)
    done = subprocess.run(
        [sys.executable, "-m", "gearshift", *words, *QUICKLY],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
        cwd=folder,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(places: dict[str, str], tmp_path: Path, command: str) -> None:
    told = run(places, command, tmp_path)
    assert told["errors"] == {}
    assert told["requests"] != 0


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 6


def test_every_flag_is_told_and_exists() -> None:
    flags = set(WITHOUT_SETTINGS[Command.LOAD][1])
    rows = [line for line in TEXT.splitlines() if line.startswith("| `--")]
    assert {flag for row in rows for flag in re.findall(r"--[a-z]+", row.split("|")[1])} == flags
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) == flags


def test_every_key_is_told_and_exists(places: dict[str, str], tmp_path: Path) -> None:
    rows = TEXT.partition("## JSON")[2].partition("## Measuring")[0].splitlines()
    told = {key for row in rows if row.startswith("| `") for key in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert told == run(places, COMMANDS[0], tmp_path).keys()


def test_every_error_is_told_and_exists() -> None:
    assert set(
        re.findall(r"^\| `(\w+)` \|", TEXT.partition("| error |")[2].partition("- A server")[0], re.M)
    ) == set(FAILURES)
    assert set(ERRORS) == set(FAILURES)
