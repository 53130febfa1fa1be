"""`gearshift lab`: what it lists and runs, its exit codes, and what it says of what was asked wrongly."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from gearshift.cli import main
from gearshift.cli.parser import Command, parse
from gearshift.lab.catalogue import NAMES
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
LAB = [sys.executable, "-m", "gearshift", "lab"]


def test_every_experiment_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert main(["lab", "list", "--lang", "zh"]) == 0
    assert "？" in capsys.readouterr().out  # noqa: RUF001 - Chinese has its own


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "lab: found nothing, expected list or run"),
        (["walk"], "lab: found 'walk', expected list or run"),
        (["list", "sockets"], "lab list: found 'sockets', expected nothing"),
        (["run"], f"lab run: found no experiment, expected all or some of {', '.join(NAMES)}"),
        (
            ["run", "socket"],
            "lab run: found no experiment 'socket' (did you mean sockets?), expected all or one of"
            f" {', '.join(NAMES)}",
        ),
        (["run", "sockets", "--lang", "fr"], "--lang: found 'fr', expected en or zh"),
        (
            ["run", "sockets", "--report", "/proc/nowhere"],
            "--report: found '/proc/nowhere' (No such file or directory), expected a folder to write to",
        ),
        (["run", "sockets", "--report"], "--report: found nothing, expected a folder"),
        (["run", "--json"], "lab: found '--json', expected one of --report, --lang"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", *arguments]) == 2
    assert capsys.readouterr().err == f"gearshift: {line}\n"


def test_the_documented_commands_are_understood() -> None:
    text = (ROOT / "docs" / "lab.md").read_text()
    commands = re.findall(r"^gearshift (lab .*)$", text, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        assert parse(shlex.split(command)).command is Command.LAB
    assert re.findall(r"^\| `([a-z-]+)` ", text, re.MULTILINE) == list(NAMES)


def test_an_experiment_is_run_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "report"
    assert main(["lab", "run", "sockets", "--report", str(folder), "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert str(folder / "index.html") in told
    assert "TIME-WAIT" in told
    assert '<html lang="zh-Hans">' in page
    assert page.count("<svg ") == 1
    assert page.count('<li class="good">') + page.count('<li class="warm">') == 8


def test_without_matplotlib_the_report_says_what_is_missing(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from gearshift.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "lab", "run", "sockets", "--report", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    missing = "pictures: found no module matplotlib, expected it: pip install 'gearshift[lab]'"
    assert missing in done.stdout
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert missing in page
    assert "<svg" not in page
    assert "One connection from its first call to its last" in page


def test_an_interrupted_run_ends_its_experiment_and_keeps_what_it_has(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*LAB, "run", "sockets", "queues", "--report", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def running() -> str:
        """The number of the process in which the second experiment runs."""
        for child in children.read_text().split():
            with suppress(FileNotFoundError):  # the first one's has just ended
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                if {b"gearshift.lab.alone", b"queues"} <= set(words):
                    return child
        return ""

    child = eventually(running, "the second experiment runs", within=30)
    process.send_signal(signal.SIGINT)
    told, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, b"")
    assert not Path(f"/proc/{child}").exists()
    assert b"1 experiment, 8 claims" in told
    assert "TIME-WAIT" in (tmp_path / "index.html").read_text(encoding="utf-8")
