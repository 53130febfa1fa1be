"""Half-open connections, counted for each listener. TCP_DEFER_ACCEPT makes them where one may send no raw packets: a
connection stays half-open until its client has sent something (tcp(7)).
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from gearshift.kernel import syn_queue
from gearshift.kernel.syn_queue import LOOKED_FOR, syn_queues
from gearshift.kernel.tcp_table import rows
from tests.support.namespaced import told
from tests.support.sockets import connected, ss
from tests.support.waiting import eventually


def deferring(host: str, port: int = 0, *, both: bool = False) -> socket.socket:
    """A listener whose connections stay half-open while their clients are silent."""
    listener = socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, dualstack_ipv6=both
    )
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)
    return listener


@pytest.mark.parametrize(
    ("host", "both", "to"),
    [
        ("127.0.0.1", False, ["127.0.0.1"]),
        ("0.0.0.0", False, ["127.0.0.1", "127.0.0.2"]),
        ("::1", False, ["::1"]),
        ("::", True, ["::1", "127.0.0.1"]),
    ],
)
def test_half_open_connections_are_counted(host: str, both: bool, to: list[str]) -> None:
    with deferring(host, both=both) as listener, contextlib.ExitStack() as clients:
        fd, port = listener.fileno(), listener.getsockname()[1]
        assert syn_queues([fd]) == {fd: 0}
        last = None
        for client_to in to * 3:
            last = clients.enter_context(socket.create_connection((client_to, port)))
        assert syn_queues([fd]) == syn_queues([fd], lambda: rows(LOOKED_FOR)) == {fd: len(to) * 3}
        assert len(ss("-t", "state", "syn-recv", f"sport = :{port}")) == len(to) * 3
        assert last is not None
        last.send(b"x")
        eventually(lambda: syn_queues([fd]) == {fd: len(to) * 3 - 1}, "one has got through")


def test_the_more_exact_listener_has_its_own() -> None:
    with (
        deferring("127.0.0.2") as other,
        deferring("127.0.0.1", other.getsockname()[1]) as exact,
        deferring("127.0.0.1") as elsewhere,
        socket.create_connection(exact.getsockname()),
    ):
        counts = syn_queues([other.fileno(), exact.fileno(), elsewhere.fileno()])
        assert list(counts.values()) == [0, 1, 0]


def test_where_netlink_is_refused_the_tables_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(states: object) -> None:
        raise PermissionError("as a sandbox says it")

    monkeypatch.setattr(syn_queue, "sockets", refused)
    with deferring("127.0.0.1") as listener, socket.create_connection(listener.getsockname()):
        assert syn_queues([listener.fileno()]) == {listener.fileno(): 1}


def test_raw_syns_whose_answers_reach_nobody() -> None:
    found = told("half_open")
    assert found["ours"] == {"exact": 7, "other": 2, "everywhere": 2}
    assert found["ss"] == sorted(
        ["127.0.0.1:8001"] * 7 + ["127.0.0.2:8001"] * 2 + ["127.0.0.3:8002", "127.0.0.1:8002"]
    )


def test_what_cannot_be_known(tmp_path: Path) -> None:
    with connected() as (listener, client, _), socket.socket(socket.AF_UNIX) as unix:
        fds = [unix.fileno(), client.fileno(), 1_000_000]
        assert syn_queues(fds) == dict.fromkeys(fds)
        assert syn_queues([listener.fileno()], lambda: rows(LOOKED_FOR, str(tmp_path))) == {
            listener.fileno(): None
        }


def test_a_listener_of_another_namespace_is_in_other_tables(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text("  sl  local_address\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert syn_queues([listener.fileno()], lambda: rows(LOOKED_FOR, str(tmp_path))) == {
            listener.fileno(): None
        }
