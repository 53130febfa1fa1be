"""Which files matter to `--reload`, and what it is refused beside."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gearshift.development.reloading import ended_in_words, refuse
from gearshift.development.watching import FileFilter, Watcher
from gearshift.errors import MissingExtraError, SettingError
from gearshift.settings import resolve


@pytest.mark.parametrize(
    ("path", "watched"),
    [
        ("app.py", True),
        ("shop/views.py", True),
        ("templates/index.html", True),
        ("data.json", False),
        ("shop/__pycache__/views.py", False),
        (".venv/lib/flask/app.py", False),
        ("node_modules/x/setup.py", False),
        ("generated/models.py", False),
        ("shop/test_views.py", False),
        ("app.py.swp", False),
    ],
)
def test_files(tmp_path: Path, path: str, watched: bool) -> None:
    matter = FileFilter([str(tmp_path)], ["templates/*.html"], ["generated", "test_*.py"])
    assert matter(None, str(tmp_path / path)) is watched


def test_a_project_below_a_folder_with_such_a_name_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "venv" / "shop"
    assert FileFilter([str(folder)], [], [])(None, str(folder / "app.py"))


def test_without_watchfiles_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(MissingExtraError, match=r"--reload: found no watchfiles, .*gearshift\[reload\]"):
        Watcher(["."], [], [])


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({}, "found no APP"),
        ({"app": "."}, "files of a folder are read anew without it"),
        ({"app": "x:app", "workers": 2}, "found --workers 2 beside it"),
        ({"app": "x:app", "workers": "auto"}, "found --workers auto beside it"),
        ({"app": "x:app", "tcp": "echo"}, "found --tcp beside it"),
        ({"app": "x:app", "udp_bind": ["127.0.0.1:1"]}, "found --udp-bind beside it"),
    ],
)
def test_what_makes_no_sense_beside_it(flags: dict[str, object], told: str) -> None:
    with pytest.raises(SettingError, match=f"^--reload: .*{told}"):
        refuse(resolve({"reload": True, **flags}, {}, "/"))


def test_how_a_server_ended() -> None:
    assert ended_in_words(-11) == "the server was ended by SIGSEGV"
    assert ended_in_words(3) == "the server has ended by itself, with exit code 3"
