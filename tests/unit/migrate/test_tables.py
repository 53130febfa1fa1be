"""The tables of gunicorn and uvicorn: whole, held to what is installed, and to our own settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from gearshift.migrate import gunicorn, uvicorn
from gearshift.migrate.entry import Entry, Takes
from gearshift.migrate.writing import table_in_markdown
from gearshift.settings import Settings

TABLES = {"gunicorn": gunicorn.TABLE, "uvicorn": uvicorn.TABLE}
# Settings that are being built beside this; what is in the catalogue by now may leave the list.
COMING = {"http2", "http2_streams"}
# A Python that has both, where the tests' own does not.
PYTHON = os.environ.get("GEARSHIFT_PEERS_PYTHON", sys.executable)
ASK = {
    "gunicorn": """
import json, gunicorn
from gunicorn.config import KNOWN_SETTINGS as known
print(json.dumps([gunicorn.__version__, [[s.name, s.cli or [], s.action or "", s.nargs or ""] for s in known]]))
""",
    "uvicorn": """
import importlib, json, uvicorn
found = importlib.import_module("uvicorn.main").main.params
print(json.dumps([uvicorn.__version__, [
    [p.name, [*p.opts, *p.secondary_opts], "append" if p.multiple else "", bool(getattr(p, "is_flag", False))]
    if p.param_type_name == "option" else [p.name, [], "", False] for p in found]]))
""",
}


def installed(name: str) -> list[tuple[str, list[str], str, object]]:
    """What the installed server declares: name, flags, action, and whether a value follows."""
    done = subprocess.run([PYTHON, "-c", ASK[name]], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no {name} in {PYTHON} (GEARSHIFT_PEERS_PYTHON names another)")
    version, found = json.loads(done.stdout)
    wanted = {"gunicorn": gunicorn.VERSION, "uvicorn": uvicorn.VERSION}[name]
    if not version.startswith(wanted):
        pytest.skip(f"{name} {version} is installed; the table is of {wanted}")
    return [tuple(entry) for entry in found]


@pytest.mark.parametrize("name", TABLES)
def test_every_setting_of_the_installed_server_has_its_row(name: str) -> None:
    rows = {entry.name: entry for entry in TABLES[name]}
    theirs = installed(name)
    assert {entry[0] for entry in theirs} == set(rows)
    for setting, flags, action, _ in theirs:
        entry = rows[setting]
        known = {*entry.flags, *entry.negation, *(f"--no-{flag[2:]}" for flag in entry.flags)}
        assert set(flags) <= known, setting
        if action == "append":
            assert entry.takes is Takes.SEVERAL, setting
        if action in ("store_true", "store_const"):
            assert entry.takes is Takes.NOTHING, setting


def test_flags_of_uvicorn_that_take_nothing() -> None:
    rows = {entry.name: entry for entry in uvicorn.TABLE}
    for setting, _, _, is_flag in installed("uvicorn"):
        assert (rows[setting].takes is Takes.NOTHING) == is_flag, setting


@pytest.mark.parametrize("entry", [*gunicorn.TABLE, *uvicorn.TABLE], ids=lambda entry: entry.name)
def test_what_has_no_equal_says_why(entry: Entry) -> None:
    assert entry.ours or entry.words
    assert not entry.words.endswith(".")


@pytest.mark.parametrize("name", TABLES)
def test_no_flag_stands_for_two(name: str) -> None:
    flags = [flag for entry in TABLES[name] for flag in (*entry.flags, *entry.negation)]
    assert len(flags) == len(set(flags))


def test_settings_of_ours_exist() -> None:
    """A name that this version does not have is told to users as such; here, that none is misspelt."""
    named = {name for table in TABLES.values() for entry in table for name in entry.ours}
    assert named - set(Settings.declarations()) <= COMING


@pytest.mark.parametrize("name", TABLES)
def test_the_documentation_has_every_row(name: str) -> None:
    lines = table_in_markdown(name).splitlines()
    assert len(lines) == len(TABLES[name]) + 2
    assert all(line.startswith("| ") and line.count(" | ") == 2 for line in lines[2:])
