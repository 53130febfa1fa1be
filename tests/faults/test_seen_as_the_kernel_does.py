"""A full accept queue is seen as ss and nstat see it: depth, limit, the listener's drops and the host's counters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.namespaced import told
from tests.support.queue_session import BACKLOG, FITS, LATE

COUNTERS = ("ListenOverflows", "ListenDrops", "TCPReqQFullDrop", "SyncookiesSent")
# A handler keeps nobody from accepting on the others.
HELD_UP = ("epoll", "uring")


def check(found: dict[str, Any], engine: str) -> None:
    ours, theirs = found["compared"]
    for name in ("accept_queue", "accept_queue_limit", "drops", "syn_queue", *COUNTERS):
        assert ours[name] == theirs[name], name
    assert ours["drops"] == ours["ListenDrops"] == ours["ListenOverflows"] >= LATE
    [line] = [line for line in found["log"].splitlines() if " dropped: " in line]
    assert "packets of new connections that found the accept queue full" in line
    assert f"the engine {engine} has " in line
    assert f"a --backlog above {BACKLOG}" in line
    assert sum(second["drops"] for second in found["history"]) >= ours["drops"]
    assert any(second["ListenOverflows"] for second in found["history"])


def test_after_the_process_was_stopped(engine: str) -> None:
    found = told("stopped", engine, module="tests.support.queue_session")
    assert found["full"]["accept_queue"] == FITS
    assert found["full"]["accept_queue_limit"] == BACKLOG
    check(found, engine)


@pytest.mark.parametrize("engine", HELD_UP)
def test_while_the_engine_is_held_up(engine: str) -> None:
    found = told("held", engine, module="tests.support.queue_session")
    ours = found["compared"][0]
    assert (ours["accept_queue"], ours["accept_queue_limit"]) == (FITS, BACKLOG)
    assert max(second["accept_queue"] for second in found["history"]) == FITS
    assert f"accept queue {FITS} of {BACKLOG} (full), SYN queue 0, " in found["words"]
    assert "it is full now: " in found["words"]
    check(found, engine)
