"""docs/bench.md names what exists, and all of it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from gearshift.bench.peers import PEERS
from gearshift.cli import bench
from gearshift.cli.help import help_text
from gearshift.cli.parser import WITHOUT_SETTINGS, Command, parse

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "bench.md").read_text()
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# In the example's output: flags of `gearshift serve`.
OF_SERVE = {"--engine"}


def test_every_flag_is_told_and_every_flag_told_exists() -> None:
    known = set(WITHOUT_SETTINGS[Command.BENCH][1])
    assert set(FLAG.findall(DOCUMENT)) - OF_SERVE == known
    assert set(FLAG.findall(help_text("bench"))) == known


def test_every_command_is_understood() -> None:
    commands = [line for line in DOCUMENT.splitlines() if line.startswith("gearshift bench ")]
    assert len(commands) > 3
    for command in commands:
        assert parse(shlex.split(command)[1:]).flags["app"]


def test_defaults_and_peers_are_those_of_the_command() -> None:
    assert f"{bench.SECONDS:g} seconds" in DOCUMENT
    assert f"{bench.FOR_EACH_PEER:g} s more for each" in DOCUMENT
    assert f"`--target-ms` ({bench.TARGET_MS:g} ms)" in DOCUMENT
    assert f"closed loop of {bench.CONNECTIONS} connections" in DOCUMENT
    assert f"--versus {','.join(PEERS)}`" in DOCUMENT
