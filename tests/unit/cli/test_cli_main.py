"""`main`: what it prints where, and what it returns."""

import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from gearshift.cli import main
from gearshift.cli.help import help_text
from gearshift.errors import ApplicationLoadError, ListenError
from gearshift.settings import Settings
from gearshift.settings.declaration import Group
from gearshift.version import __version__


@pytest.fixture
def run_in_foreground(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Callable[[Settings], int]], None]:
    """Puts a function in the place of the server, in an empty folder and environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for variable in [name for name in os.environ if name.startswith("GEARSHIFT_")]:
        monkeypatch.delenv(variable)

    def put(function: Callable[[Settings], int]) -> None:
        server = types.ModuleType("gearshift.server")
        server.run_in_foreground = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "gearshift.server", server)

    return put


def raising(error: BaseException) -> Callable[[Settings], int]:
    def run(settings: Settings) -> int:
        raise error

    return run


def test_serve_resolves_settings_and_makes_the_current_folder_importable(
    run_in_foreground: Callable[[Callable[[Settings], int]], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Settings] = []

    def run(settings: Settings) -> int:
        seen.append(settings)
        return 7

    run_in_foreground(run)
    monkeypatch.setenv("GEARSHIFT_BACKLOG", "9")
    (tmp_path / "gearshift.toml").write_text("max_waiting = 8\n")
    assert main(["serve", "app:app", "--threads", "3"]) == 7
    (settings,) = seen
    assert (settings.app, settings.threads, settings.backlog, settings.max_waiting) == ("app:app", 3, 9, 8)
    assert sys.path[0] == str(tmp_path)
    assert main(["serve"]) == 7
    assert sys.path.count(str(tmp_path)) == 1


def test_a_wrong_setting_is_one_line_and_2(
    run_in_foreground: Callable[[Callable[[Settings], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--threads", "ma\x1bny"]) == 2
    expected = (
        "gearshift: --threads: found 'ma\\x1bny', expected a whole number of threads from 1 to 100000\n"
    )
    assert capsys.readouterr() == ("", expected)


def test_a_listen_error_is_one_line_and_1(
    run_in_foreground: Callable[[Callable[[Settings], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    run_in_foreground(raising(ListenError("cannot listen\non it")))
    assert main(["serve"]) == 1
    assert capsys.readouterr().err == "gearshift: cannot listen\\x0aon it\n"


def test_the_traceback_of_an_application_is_shown_before_the_line(
    run_in_foreground: Callable[[Callable[[Settings], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    run_in_foreground(raising(ApplicationLoadError("app:app: importing app raised", "Traceback\n  app.py\n")))
    assert main(["serve"]) == 1
    assert capsys.readouterr().err == "Traceback\n  app.py\ngearshift: app:app: importing app raised\n"


def test_ctrl_c_before_the_server_takes_signals(
    run_in_foreground: Callable[[Callable[[Settings], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    run_in_foreground(raising(KeyboardInterrupt()))
    assert main(["serve"]) == 130
    assert capsys.readouterr() == ("", "")


def test_settings_prints_every_setting_aligned_with_its_source(
    run_in_foreground: Callable[[Callable[[Settings], int]], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEARSHIFT_THREADS", "8")
    monkeypatch.setenv("GEARSHIFT_TREADS", "9")
    assert main(["settings", "--bind", ":1", "--bind", "unix:/run/x", "--listing"]) == 0
    table, _, ignored = capsys.readouterr().out.partition("\n\n")
    heading, *rows = table.splitlines()
    assert heading.split() == ["setting", "value", "unit", "from"]
    assert [row.split()[0] for row in rows] == list(Settings.declarations())
    columns = [heading.index(word) for word in ("value", "unit", "from")]
    assert all(row[column - 2 : column] == "  " for row in rows for column in columns)
    cells = {
        row.split()[0]: [row[a:b].strip() for a, b in zip(columns, [*columns[1:], None], strict=True)]
        for row in rows
    }
    assert cells["threads"] == ["8", "threads", "GEARSHIFT_THREADS"]
    assert cells["bind"] == [":1, unix:/run/x", "", "flag"]
    assert cells["listing"] == ["true", "", "flag"]
    assert cells["engine"] == ["auto", "", "default"]
    assert cells["timeout_head"] == ["10", "seconds", "default"]
    assert (
        ignored == "ignored, as no such setting exists: GEARSHIFT_TREADS (did you mean GEARSHIFT_THREADS?)\n"
    )


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gearshift {__version__}\n"


def test_help_lists_every_setting_under_its_group_with_default_and_unit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["serve", "--help"]) == 0
    text = capsys.readouterr().out
    for group in Group:
        assert f"\n\n{group.value}:\n" in text
    for setting in Settings.declarations().values():
        assert f"\n  {setting.flag}" in text
    joined = " ".join(text.split())
    assert "[2048 connections]" in joined
    assert "[10 seconds]" in joined
    assert "--listing, --no-listing" in joined


@pytest.mark.parametrize(("columns", "width"), [("72", 72), ("20", 60), ("500", 100), ("x", 100)])
def test_help_is_as_wide_as_the_terminal_within_limits(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    prose = [line for line in help_text("serve").splitlines() if not line.startswith(("usage", "  --"))]
    assert width - 12 < max(len(line) for line in prose) <= width


def test_help_for_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "  serve " in text
    assert "  settings " in text


def test_python_m_gearshift_takes_the_arguments_of_the_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gearshift", "serve", "--bogus"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("gearshift: --bogus: there is no such flag")
    assert done.stderr.count("\n") == 1


SLOW_IMPORTS = (
    "asyncio logging json inspect typing dataclasses email http urllib argparse pathlib tomllib difflib"
)


def test_the_way_to_serve_imports_nothing_slow(tmp_path: Path) -> None:
    program = (
        "import sys, os\n"
        "import gearshift.cli\n"
        "from gearshift.cli.parser import parse\n"
        "from gearshift.cli import serve, banner\n"
        "from gearshift.settings import resolve\n"
        "import gearshift.listeners, gearshift.apps.loader, gearshift.observe.error_log\n"
        "resolve(parse(['serve', '--threads', '4']).flags, os.environ, os.curdir)\n"
        f"print(*(name for name in {SLOW_IMPORTS.split()!r} if name in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
