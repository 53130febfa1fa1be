"""What the documents name exists: paths, settings, commands, defaults; and both READMEs show the same code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gearshift.cli.parser import WITHOUT_SETTINGS, Command, parse
from gearshift.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "gearshift"
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = (*READMES, "ARCHITECTURE.md")

CODE_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
# In ARCHITECTURE.md; a README also names files of its reader's.
PATH = re.compile(r"(?:\w[\w.-]*/)+(?:\w[\w.-]*)?|\w+\.(?:py|md|toml)")
TARGET = re.compile(r"^([a-z]+):.*##", re.MULTILINE)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks_of(document: str, language: str) -> list[str]:
    return [body for name, body in CODE_BLOCK.findall(text_of(document)) if name == language]


def commands_in(document: str, program: str) -> list[str]:
    lines = [line for block in blocks_of(document, "sh") for line in block.splitlines()]
    return [line for line in lines if line.split()[:1] == [program]]


def known_flags() -> set[str]:
    known = {"--help", "--version"}
    for setting in Settings.declarations().values():
        known |= {setting.flag, getattr(setting, "negation", setting.flag)}
    for _, flags in WITHOUT_SETTINGS.values():
        known |= set(flags)
    return known


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    targets = LINK.findall(text_of(document))
    assert document == "ARCHITECTURE.md" or targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_path_in_the_architecture_exists() -> None:
    prose = CODE_BLOCK.sub("", text_of("ARCHITECTURE.md"))
    named = {quoted for quoted in QUOTED.findall(prose) if PATH.fullmatch(quoted)}
    assert len(named) > 40
    assert sorted(path for path in named if not ((PACKAGE / path).exists() or (ROOT / path).exists())) == []


def test_every_module_in_the_picture_exists() -> None:
    picture = next(body for name, body in CODE_BLOCK.findall(text_of("ARCHITECTURE.md")) if not name)
    named = set(re.findall(r"[a-z]+(?:/[a-z]+)*(?:\.py|/(?=\s))", picture))
    assert len(named) > 8
    assert sorted(path for path in named if not (PACKAGE / path).exists()) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_flag_exists(document: str) -> None:
    named = set(FLAG.findall(text_of(document)))
    assert named
    assert named - known_flags() == set()


@pytest.mark.parametrize("document", READMES)
def test_every_command_is_understood(document: str) -> None:
    commands = commands_in(document, "gearshift")
    assert len(commands) > 5
    for command in commands:
        invocation = parse(shlex.split(command)[1:])
        assert isinstance(invocation.command, Command)
        if invocation.command in WITHOUT_SETTINGS:
            continue  # its own flags are known, or parse() had refused them
        for name, said in invocation.flags.items():
            setting = Settings.declarations()[name]
            if isinstance(said, str):
                setting.from_text(said)
            else:
                setting.from_value(said)


@pytest.mark.parametrize("document", READMES)
def test_every_make_target_exists(document: str) -> None:
    targets = TARGET.findall(text_of("Makefile"))
    commands = commands_in(document, "make")
    assert {"make serve", "make test"} <= set(commands)
    assert {command.split()[1] for command in commands} <= set(targets)


@pytest.mark.parametrize("document", READMES)
def test_defaults_in_the_table_are_those_of_the_settings(document: str) -> None:
    rows = [line for line in text_of(document).splitlines() if line.startswith("| `--")]
    told = set()
    for row in rows:
        for flag in FLAG.findall(row.split("|")[1]):
            default = Settings.declarations()[flag.removeprefix("--").replace("-", "_")].default
            assert isinstance(default, int | float)
            spellings = {f"{default:,}", f"{default:g}", f"{default / 2**30:g} GiB"}
            assert any(re.search(rf"(?<![\d,]){spelling}(?![\d,])", row) for spelling in spellings), flag
            told.add(flag)
    numbers = {
        s.flag for s in Settings.declarations().values() if s.name.startswith(("limit_", "timeout_", "max_"))
    }
    assert numbers - told == {"--timeout-drain"}


def test_both_readmes_show_the_same_code() -> None:
    english, chinese = (CODE_BLOCK.findall(text_of(document)) for document in READMES)
    assert english == chinese


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = next(block for block in blocks_of("README.md", "python") if "gearshift.Server" in block)
    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", capsys.readouterr().out)
