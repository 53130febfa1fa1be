"""The small parts that a supervisor is made of."""

from __future__ import annotations

import atexit
import os

import pytest

from gearshift.engines.balance import Balance
from gearshift.engines.transfer import VERSION
from gearshift.settings import Settings
from gearshift.supervisor.forking import ending_in_words, first_failure, fork
from gearshift.supervisor.line import line
from gearshift.supervisor.listening import addresses_of, datagram_addresses_of, number_of
from gearshift.supervisor.transit import FORMAT

HTTP, TCP, UDP = "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"


@pytest.fixture(autouse=True)
def children_remove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a forked child does at its exit would be done to this process's temporary folders."""
    monkeypatch.setattr(atexit, "_run_exitfuncs", lambda: None)


def settings(**said: object) -> Settings:
    plain = Settings.of()
    return Settings({**plain.values, "bind": (HTTP,), **said}, dict.fromkeys(plain.values, "flag"))


def test_what_is_sent_is_what_the_new_program_says_that_it_understands() -> None:
    assert FORMAT == VERSION


def test_a_line_keeps_messages_apart_and_tells_when_the_other_end_has_gone() -> None:
    ours, theirs = line()
    assert ours.receive() == {}
    assert theirs.send(first=1)
    assert theirs.send(second="2")
    assert ours.send(never="read")
    theirs.close()
    # The kernel says "reset", because something was left unread there; what was said before comes all the same.
    assert [ours.receive(), ours.receive(), ours.receive()] == [{"first": 1}, {"second": "2"}, None]
    assert not ours.send(anybody="there")
    ours.close()
    assert ours.fileno() == -1


@pytest.mark.parametrize(
    ("said", "listeners", "datagrams"),
    [
        ({}, (HTTP,), ()),
        ({"app": "a:b"}, (HTTP,), ()),
        ({"tcp": "echo"}, (HTTP,), ()),
        ({"tcp": "echo", "tcp_bind": (TCP,)}, (TCP,), ()),
        ({"app": "a:b", "tcp": "echo", "tcp_bind": (TCP,)}, (HTTP, TCP), ()),
        ({"udp": "echo"}, (), (HTTP,)),
        ({"tcp": "echo", "udp": "echo"}, (HTTP,), (HTTP,)),
        ({"app": "a:b", "udp": "echo", "udp_bind": (UDP,)}, (HTTP,), (UDP,)),
    ],
)
def test_who_listens_where(
    said: dict[str, object], listeners: tuple[str, ...], datagrams: tuple[str, ...]
) -> None:
    assert addresses_of(settings(**said)) == listeners
    assert datagram_addresses_of(settings(**said)) == datagrams


def test_how_many_workers() -> None:
    assert number_of(settings(workers=3)) == 3
    assert 1 <= number_of(settings(workers="auto")) <= len(os.sched_getaffinity(0))


def test_a_worker_that_is_ahead_lets_others_come_first() -> None:
    balance = Balance(4)
    balance.take_place(0)
    assert not balance.leads(1000), "of those that are not there"
    other = Balance(4)
    assert not other.leads(5)

    def be_another() -> int:
        balance.take_place(1)
        return int(balance.leads(0))

    assert os.waitstatus_to_exitcode(os.waitpid(fork(be_another), 0)[1]) == 0
    balance.leave(1)
    assert not balance.leads(1000)


def test_endings_in_words() -> None:
    assert ending_in_words(os.waitpid(fork(lambda: 3), 0)[1]) == "exit code 3"
    assert ending_in_words(9) == "SIGKILL"
    assert str(first_failure(7, None, "SIGKILL")) == "worker 7 ended before it served (SIGKILL)"
    failure = {"error": "no such app", "exit": 2, "traceback": ""}
    assert first_failure(7, failure, "exit code 2").exit_code == 2
