"""What a person on call reads of queues and drops."""

from __future__ import annotations

from typing import Any

import pytest

from gearshift.observe import queue_words

HOST = {"ListenOverflows": 30, "ListenDrops": 31, "TCPReqQFullDrop": 0, "SyncookiesSent": 2}


def listener(**values: Any) -> dict[str, Any]:
    usual = {
        "accept_queue": 3,
        "accept_queue_limit": 2048,
        "drops": 0,
        "syn_queue": 1,
        "backlog_asked": 2048,
        "backlog_clamped": 2048,
    }
    return {**usual, **values}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "accept queue 3 of 2048, SYN queue 1, 0 dropped"),
        ({"accept_queue": 2048}, "accept queue 2048 of 2048, SYN queue 1, 0 dropped"),
        ({"accept_queue": 2049, "drops": 9}, "accept queue 2049 of 2048 (full), SYN queue 1, 9 dropped"),
        ({"drops": None, "syn_queue": None}, "accept queue 3 of 2048"),  # a Unix socket
        ({"drops": None, "syn_queue": None, "accept_queue_limit": None}, "accept queue 3"),
        ({"drops": None, "syn_queue": None, "accept_queue": None}, "accept queue of 2048"),
        (
            {"drops": None, "syn_queue": None, "accept_queue": None, "accept_queue_limit": None},
            "queues not known",
        ),
    ],
)
def test_queues(values: dict[str, Any], words: str) -> None:
    assert queue_words.queue(listener(**values)) == words


def test_a_clamped_backlog_is_told() -> None:
    assert queue_words.clamp(listener()) == ""
    assert queue_words.clamp(listener(backlog_asked=None, backlog_clamped=128)) == ""
    words = queue_words.clamp(listener(backlog_asked=5000, backlog_clamped=4096))
    assert words == "--backlog 5000 was clamped to 4096 by net.core.somaxconn"


def test_without_drops_there_is_nothing_to_advise() -> None:
    assert queue_words.drop_advice(listener(), HOST, "epoll") == []
    assert queue_words.drop_advice(listener(drops=None), HOST, "epoll") == []


@pytest.mark.parametrize(
    ("engine", "what"),
    [("epoll", "gearshift shift auto"), ("auto", "does not await"), ("thread", "more processors")],
)
def test_a_full_queue_has_its_cause_in_the_engine(engine: str, what: str) -> None:
    dropped = listener(drops=7, accept_queue=2049)
    cause, bursts, now = queue_words.drop_advice(dropped, HOST, engine)
    assert "accept queue full" in cause
    assert "--backlog above 2048" in bursts
    assert now.startswith("it is full now: ")
    assert what in now
    assert queue_words.drop_advice(listener(drops=7), None, engine)[2].startswith("if it goes on: ")


def test_a_clamped_queue_has_its_cause_in_the_kernel_s_limit() -> None:
    clamped = listener(drops=7, backlog_asked=5000, backlog_clamped=128, accept_queue_limit=128)
    assert "net.core.somaxconn=5000" in queue_words.drop_advice(clamped, HOST, "auto")[1]


def test_drops_that_no_accept_queue_explains() -> None:
    never = {**HOST, "ListenOverflows": 0}
    assert "nstat" in queue_words.drop_advice(listener(drops=7), never, "auto")[0]
    syn_queue = {**never, "TCPReqQFullDrop": 7}
    assert "SYN queue full" in queue_words.drop_advice(listener(drops=7), syn_queue, "auto")[0]


def test_descriptors() -> None:
    found = {"open": 12, "limit": 1024, "by_kind": {"socket": 8, "epoll": 4}}
    assert queue_words.open_descriptors(found) == "descriptors: 12 of 1024 open: 8 socket, 4 epoll"
    whole = {
        **found,
        "explained": 12,
        "unexplained": 0,
        "unexplained_by_kind": {},
        "leads_to": [],
        "growing": False,
    }
    words = (
        "descriptors: 12 of 1024 open: 8 socket, 4 epoll; 12 are connections, listeners and the server's own"
    )
    assert queue_words.open_descriptors(whole) == words
    lost = {
        **whole,
        "explained": 2,
        "unexplained": 10,
        "unexplained_by_kind": {"socket": 8, "file": 2},
        "leads_to": [
            {"protocol": "TCP", "to": "[::1]:5432", "state": "CLOSE-WAIT", "number": 5},
            {"protocol": "Unix", "to": None, "state": None, "number": 1},
        ],
        "growing": True,
    }
    assert queue_words.open_descriptors(lost) == (
        "descriptors: 12 of 1024 open: 8 socket, 4 epoll; 2 are connections, listeners and the server's own, 10 the"
        " application's: 5 TCP connections to [::1]:5432 in CLOSE-WAIT, 1 Unix socket, 2 other sockets, 2 file, more"
        " each minute for ten minutes"
    )
    assert "ulimit" in queue_words.open_descriptors({**found, "open": 1000})
    assert "not known" in queue_words.open_descriptors(None)


def test_the_host() -> None:
    words = queue_words.host_counters(HOST)
    assert "30 accept-queue overflows, 31 drops at listeners" in words
    assert "not known" in queue_words.host_counters(None)
