"""Who may connect to a Unix socket, and sockets that have no file."""

from __future__ import annotations

import os
import pwd
import socket
import stat
from pathlib import Path

import pytest

from gearshift.errors import ListenError, SettingError
from gearshift.listeners import Access, Listener, access_of, open_listener, opened, parse
from gearshift.listeners.access import UNCHANGED
from gearshift.settings import Settings
from gearshift.supervisor.listening import Listening


def access(**settings: object) -> Access | None:
    return access_of(Settings.of(bind="unix:/run/x", **settings))


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666, 0o777])
def test_the_mode_is_as_asked_whatever_the_umask(mode: int, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        listener = open_listener(parse(f"unix:{tmp_path}/s"), 7, Access(mode, UNCHANGED, UNCHANGED))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "s").lstat().st_mode) == mode
    listener.close()
    assert not (tmp_path / "s").exists()


def test_it_is_set_before_anybody_can_connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment of the change a connection is refused: the socket does not listen yet."""
    seen = []
    chmod = os.chmod

    def watching(path: str, mode: int) -> None:
        with socket.socket(socket.AF_UNIX) as early:
            seen.append(early.connect_ex(path))
        chmod(path, mode)

    monkeypatch.setattr(os, "chmod", watching)
    open_listener(parse(f"unix:{tmp_path}/s"), 7, Access(0o600, UNCHANGED, UNCHANGED)).close()
    assert seen == [111]  # ECONNREFUSED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    asked = access(unix_owner="nobody:0", unix_mode="640")
    assert asked is not None
    assert (asked.user, asked.group, asked.mode) == (nobody.pw_uid, 0, 0o640)
    listener = open_listener(parse(f"unix:{tmp_path}/s"), 7, asked)
    found = (tmp_path / "s").lstat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (nobody.pw_uid, 0, 0o640)
    listener.close()


def test_an_owner_that_can_not_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refused)
    with pytest.raises(ListenError) as caught:
        open_listener(parse(f"unix:{tmp_path}/s"), 7, Access(None, 0, 0))
    assert str(caught.value) == (
        f"cannot listen on unix:{tmp_path}/s: its owner or mode can't be set: Operation not permitted"
    )
    assert list(tmp_path.iterdir()) == []


def test_the_settings() -> None:
    assert access() is None
    group_only = access(unix_owner=":0")
    assert group_only is not None
    assert (group_only.user, group_only.group, group_only.mode) == (UNCHANGED, 0, None)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"unix_owner": "nobody-else"}, "--unix-owner: found 'nobody-else', expected a user of this machine"),
        (
            {"unix_owner": ":no-such-group"},
            "--unix-owner: found 'no-such-group', expected a group of this machine",
        ),
    ],
)
def test_an_owner_that_is_none(settings: dict[str, str], words: str) -> None:
    with pytest.raises(SettingError) as caught:
        access(**settings)
    assert str(caught.value) == words


@pytest.mark.parametrize("bind", ["127.0.0.1:0", "unix:@abstract"])
def test_where_there_is_no_file(bind: str) -> None:
    with pytest.raises(SettingError, match="found no unix:PATH in --bind"):
        access_of(Settings.of(bind=bind, unix_mode="600"))


def test_an_abstract_socket_has_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"gearshift-test-{os.getpid()}"
    listener = open_listener(parse(f"unix:@{name}"), 7)
    assert (listener.address, listener.url) == (f"unix:@{name}", f"unix:@{name}")
    assert list(tmp_path.iterdir()) == []
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(b"\0" + name.encode())
        assert listener.socket.accept()[0].close() is None
    with pytest.raises(ListenError, match="Address already in use"):
        open_listener(parse(f"unix:@{name}"), 7)
    listener.close()
    open_listener(parse(f"unix:@{name}"), 7).close()


def test_an_abstract_name_is_not_empty() -> None:
    with pytest.raises(SettingError, match="--bind"):
        parse("unix:@")


def test_so_has_the_socket_of_all_workers(tmp_path: Path) -> None:
    settings = Settings.of(bind=f"unix:{tmp_path}/s", unix_mode="640")
    listening = Listening(settings, 1)
    assert stat.S_IMODE((tmp_path / "s").lstat().st_mode) == 0o640
    listening.close()


def test_so_have_all_addresses_of_a_server(tmp_path: Path) -> None:
    """Those before one that can't be had are the caller's to close."""
    settings = Settings.of(bind=[f"unix:{tmp_path}/s", f"unix:{tmp_path}/none/s"], unix_mode="640")
    found: list[Listener] = []
    with pytest.raises(ListenError):
        found.extend(opened(settings))
    assert [listener.address for listener in found] == [f"unix:{tmp_path}/s"]
    assert stat.S_IMODE((tmp_path / "s").lstat().st_mode) == 0o640
    found[0].close()
