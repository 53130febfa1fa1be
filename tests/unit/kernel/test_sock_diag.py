"""Sockets asked over netlink are those of /proc."""

from __future__ import annotations

import socket

import pytest

from gearshift.kernel import sock_diag
from gearshift.kernel.sock_diag import sockets
from gearshift.kernel.tcp_table import Row, rows
from tests.support.sockets import connected


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_they_are_what_proc_says(host: str) -> None:
    with connected(host) as (listener, client, server):
        client.send(b"x" * 7)
        ports = {listener.getsockname()[1], client.getsockname()[1]}

        def ours(found: object) -> list[Row]:
            return sorted(row for row in found if row.local[1] in ports)  # type: ignore[attr-defined]

        both = ("ESTAB", "LISTEN")
        seen = ours(sockets(both))
        assert [row._replace(unsent=0) if row.state == "LISTEN" else row for row in seen] == ours(rows(both))
        assert [row.state for row in seen].count("ESTAB") == 2
        assert [row.unsent for row in seen if row.state == "LISTEN"] == [128]  # its backlog
        assert [
            row.unread for row in ours(sockets(("ESTAB",))) if row.local[1] == listener.getsockname()[1]
        ] == [7]
        assert [row.state for row in ours(sockets(("LISTEN",)))] == ["LISTEN"]
        assert server.getpeername() == client.getsockname()


def test_more_than_one_answer_holds() -> None:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(300)]
    try:
        ports = {listener.getsockname()[1] for listener in listeners}
        assert ports <= {row.local[1] for row in sockets(("LISTEN",))}
    finally:
        for listener in listeners:
            listener.close()


def test_what_the_kernel_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sock_diag, "TCPDIAG_GETSOCK", 4000)
    with pytest.raises(OSError, match="Invalid argument"):
        list(sockets(("LISTEN",)))
