"""Where control sockets lie, who else may write there, and which server is meant."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gearshift.control.client import find
from gearshift.control.paths import ControlError, folder, make_folder, path_for, running
from gearshift.errors import SettingError


@pytest.fixture(autouse=True)
def usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The usual folder, which does not exist yet."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "gearshift"


def test_where_it_is(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder() == str(usual)
    assert path_for(12) == f"{usual}/12.sock"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    assert folder() == f"/tmp/gearshift-{os.getuid()}"


def test_it_is_made_for_this_user_alone(usual: Path) -> None:
    make_folder()
    assert stat.S_IMODE(usual.stat().st_mode) == 0o700
    make_folder()


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_one_that_others_may_write_to_is_refused(mode: int, usual: Path) -> None:
    usual.mkdir()
    usual.chmod(mode)
    with pytest.raises(ControlError, match="found a folder that others may write to, expected one of this"):
        make_folder()


def test_one_of_another_user_is_refused(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual.mkdir(0o700)
    monkeypatch.setattr(os, "getuid", lambda: usual.stat().st_uid + 1)
    with pytest.raises(ControlError, match="expected one of this user alone"):
        make_folder()


def test_a_link_to_one_is_refused(usual: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir(0o700)
    usual.symlink_to(tmp_path / "own")
    with pytest.raises(ControlError, match="expected one of this user alone"):
        make_folder()


def test_a_file_is_refused(usual: Path) -> None:
    usual.write_text("")
    with pytest.raises(ControlError, match="File exists, expected a folder for the control socket"):
        make_folder()


@contextmanager
def listening(pid: int) -> Iterator[None]:
    """What is the control socket of a server that is this process."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path_for(pid))
        listener.listen(0)
        yield


def test_the_running_are_those_that_listen(usual: Path) -> None:
    assert running() == []
    make_folder()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f"{ended.pid}.sock", "notes.txt", "x.sock", ".sock"):
        (usual / name).write_text("")
    with listening(os.getpid()):
        assert running() == [os.getpid()]
        assert running() == [os.getpid()]  # its accept queue is full now
    assert running() == []


def test_what_killed_servers_left_is_removed(usual: Path) -> None:
    """Only theirs: a process that lives may be between bind() and listen(), or have the number of one that is dead."""
    make_folder()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for pid in (ended.pid, os.getpid()):
        with listening(pid):
            pass
    assert running() == []
    assert [entry.name for entry in usual.iterdir()] == [f"{os.getpid()}.sock"]


def test_which_server_is_meant(usual: Path) -> None:
    assert find(None, "/some/where") == "/some/where"
    assert find(12, "") == path_for(12)
    with pytest.raises(SettingError, match=r"--pid: found no running server of this user"):
        find(None, "")
    make_folder()
    pids = sorted((os.getpid(), os.getppid()))
    with listening(os.getpid()):
        assert find(None, "") == path_for(os.getpid())
        with (
            listening(os.getppid()),
            pytest.raises(
                SettingError, match=rf"several servers \({pids[0]}, {pids[1]}\), expected one of them"
            ),
        ):
            find(None, "")
