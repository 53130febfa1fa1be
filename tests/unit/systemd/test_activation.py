"""Which of systemd's sockets are listened on."""

from __future__ import annotations

import pytest

from gearshift.errors import SettingError
from gearshift.listeners import open_listener, parse
from gearshift.listeners.listener import ListenError
from gearshift.settings import resolve
from gearshift.systemd.activation import asked_for, passed, taken

PID = 4711
TWO = {"LISTEN_PID": str(PID), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web:status"}


def bound(flags: dict[str, object], environ: dict[str, str]) -> tuple[str, ...]:
    return taken(resolve(flags, {}, "/"), environ, PID).bind


def test_descriptors_follow_the_standard_streams() -> None:
    assert passed(TWO, PID) == [(3, "web"), (4, "status")]


def test_sockets_without_names_are_unknown() -> None:
    assert passed({"LISTEN_PID": str(PID), "LISTEN_FDS": "1"}, PID) == [(3, "unknown")]


@pytest.mark.parametrize("environ", [{}, {"LISTEN_FDS": "2"}, {**TWO, "LISTEN_PID": "4712"}])
def test_what_is_meant_for_another_process_is_left_alone(environ: dict[str, str]) -> None:
    assert passed(environ, PID) == []


@pytest.mark.parametrize("count", ["", "two", "-1", "99999999999", "٣"])
def test_a_count_that_is_none_is_told(count: str) -> None:
    with pytest.raises(SettingError, match=r"LISTEN_FDS: found .*, expected a number"):
        passed({**TWO, "LISTEN_FDS": count}, PID)


def test_all_and_by_name() -> None:
    assert bound({"bind": ["systemd"]}, TWO) == ("fd:3", "fd:4")
    assert bound({"bind": ["systemd:status", "127.0.0.1:1"]}, TWO) == ("fd:4", "127.0.0.1:1")


def test_several_sockets_of_one_name_are_all_taken() -> None:
    assert bound({"bind": ["systemd:web"]}, {**TWO, "LISTEN_FDNAMES": "web:web"}) == ("fd:3", "fd:4")


def test_where_nobody_says_where_to_listen_systemd_has_said_it() -> None:
    settings = resolve({}, {}, "/")
    assert asked_for(settings, TWO, PID)
    changed = taken(settings, TWO, PID)
    assert (changed.bind, changed.source("bind")) == (("fd:3", "fd:4"), "systemd")


def test_what_is_said_of_where_to_listen_counts() -> None:
    settings = resolve({"bind": ["127.0.0.1:1"]}, {}, "/")
    assert not asked_for(settings, TWO, PID)
    assert not asked_for(resolve({}, {}, "/"), {**TWO, "LISTEN_PID": "1"}, PID)


def test_the_status_page_takes_one() -> None:
    settings = resolve({"bind": ["systemd:web"], "status": "systemd:status"}, {}, "/")
    assert taken(settings, TWO, PID).status == "fd:4"
    with pytest.raises(SettingError, match="--status: found 2 sockets, expected one"):
        taken(resolve({"status": "systemd"}, {}, "/"), TWO, PID)


@pytest.mark.parametrize(("environ", "names"), [({}, "none"), (TWO, "web, status")])
def test_one_that_was_not_passed_is_told_in_a_line(environ: dict[str, str], names: str) -> None:
    with pytest.raises(SettingError, match=f"--bind: found systemd:x, expected .* passed {names}$"):
        bound({"bind": ["systemd:x"]}, environ)


def test_python_programs_name_the_descriptor() -> None:
    with pytest.raises(ListenError, match=r"cannot listen on systemd: .* say fd:3"):
        open_listener(parse("systemd"), 1)
