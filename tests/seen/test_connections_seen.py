"""The table of connections: every phase, on every engine, and what ss says of the same sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.seen.asking import Seen, seen_server
from tests.support.servers import ENGINES
from tests.support.sockets import ss
from tests.support.waiting import eventually
from tests.support.wire import Wire, chunked, request

BOTH = [f"{engine}-{interface}" for interface in ("wsgi", "asgi") for engine in ENGINES]


@pytest.fixture(params=BOTH)
def server(request: pytest.FixtureRequest) -> Iterator[Seen]:
    engine, interface = request.param.split("-")
    with seen_server("--engine", engine, f"tests.support.standalone:{interface}") as seen:
        yield seen


def row_of(server: Seen, wire: Wire) -> dict[str, Any]:
    """The row of that client's connection."""
    name = "{}:{}".format(*wire.socket.getsockname())
    [row] = [row for row in server.status()["connections"] if row["remote"] == name]
    return dict(row)


def test_every_phase_is_told(server: Seen) -> None:
    idle, head, body, handler, writing = (server.connect(receive_buffer=8192) for _ in range(5))
    assert idle.ask(request()).status == 200
    assert idle.ask(request()).status == 200
    writing.send(request("/flood?300"))
    eventually(lambda: row_of(server, writing)["phase"] == "writing", "the reader is slow")
    head.send(b"GET /he")
    body.send(request("/echo", "Transfer-Encoding: chunked", method="POST") + chunked(b"hello")[:8])
    eventually(lambda: row_of(server, head)["phase"] == "reading head", "a piece of a head has come")
    # An engine that gathers bodies reads it; one that blocks, or a coroutine, waits for it in the application.
    eventually(lambda: row_of(server, body)["phase"] in ("reading body", "in handler"), "the body is awaited")
    handler.send(request("/sleep?2"))
    eventually(lambda: row_of(server, handler)["phase"] == "in handler", "the handler runs")
    row = row_of(server, handler)
    assert (row["method"], row["path"], row["requests"]) == ("GET", "/sleep", 1)
    assert 0 <= row["phase_seconds"] <= row["age_seconds"]
    assert row["owner"]
    row = row_of(server, idle)
    assert (row["phase"], row["method"], row["path"], row["requests"]) == ("idle", None, None, 2)
    assert row["bytes_in"] == 2 * len(request())
    assert row["bytes_out"] > 2 * len(b"hello")


def test_the_kernel_says_the_same(server: Seen) -> None:
    wires = [server.connect() for _ in range(3)]
    for wire in wires:
        assert wire.ask(request()).status == 200
    rows = server.status()["connections"]
    listed = {line[4]: line for line in ss("-tane", f"sport = :{server.address[1]}") if line[0] == "ESTAB"}
    assert {row["remote"] for row in rows} == set(listed)
    for row in rows:
        line = listed[row["remote"]]
        assert (row["tcp_state"], row["local"], row["protocol"]) == (line[0], line[3], "tcp")
        assert f"ino:{row['inode']}" in line
        assert (row["unread"], row["unsent"]) == (int(line[1]), int(line[2]))
    numbers = [row["number"] for row in rows]
    assert numbers == sorted(set(numbers))


def test_a_client_that_has_finished_is_found_in_close_wait(server: Seen) -> None:
    wire = server.connect()
    wire.send(request("/sleep?2"))
    eventually(lambda: row_of(server, wire)["phase"] == "in handler", "the handler runs")
    wire.half_close()
    eventually(lambda: row_of(server, wire)["tcp_state"] == "CLOSE-WAIT", "its end has come")


def test_a_connection_can_be_closed(server: Seen) -> None:
    idle, busy = server.connect(), server.connect()
    assert idle.ask(request()).status == 200
    busy.send(request("/sleep?3"))
    eventually(lambda: row_of(server, busy)["phase"] == "in handler", "the handler runs")
    for wire in (idle, busy):
        server.ask("close", number=row_of(server, wire)["number"])
    assert idle.read_to_end().data == b""
    assert busy.read_to_end().data == b""
    eventually(lambda: server.status()["connections"] == [], "both are forgotten")
    assert server.connect().ask(request()).status == 200


def test_a_connection_that_is_not_there(server: Seen) -> None:
    for number in (0, 99, "x", None):
        with pytest.raises(Exception, match="found no open connection"):
            server.ask("close", number=number)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_unix_connection_has_no_addresses(engine: str, tmp_path: object) -> None:
    path = f"{tmp_path}/s"
    with (
        seen_server("--engine", engine, "--bind", f"unix:{path}", "tests.support.standalone:wsgi") as server,
        Wire(path) as wire,
    ):
        assert wire.ask(request()).status == 200
        [row] = server.status()["connections"]
        assert (row["protocol"], row["local"], row["remote"], row["tcp_state"]) == ("unix", None, None, None)
        assert (row["phase"], row["requests"]) == ("idle", 1)


def test_the_table_goes_along_when_the_engine_is_changed() -> None:
    with seen_server("--engine", "epoll", "tests.support.standalone:wsgi") as server:
        wire = server.connect()
        assert wire.ask(request()).status == 200
        before = row_of(server, wire)
        for engine in (*ENGINES, "epoll"):
            server.ask("shift", engine=engine)
            eventually(lambda engine=engine: row_of(server, wire)["engine"] == engine, "it has moved")  # type: ignore[misc]
            assert wire.ask(request()).status == 200
        after = row_of(server, wire)
        for name in ("number", "fd", "inode", "local", "remote"):
            assert after[name] == before[name]
        assert after["requests"] == 1 + len(ENGINES) + 1
        assert after["age_seconds"] >= before["age_seconds"]
        assert isinstance(wire.socket, socket.socket)
