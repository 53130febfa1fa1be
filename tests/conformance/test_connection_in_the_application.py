"""environ["gearshift.connection"] and the ASGI extension: the row that status has of the request's connection."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Serve
from tests.support.full_status import connection as documented
from tests.support.routes import AsgiRoutes, WsgiRoutes, answer
from tests.support.servers import Running
from tests.support.sockets import ss
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

KEY = "gearshift.connection"
wsgi, asgi = WsgiRoutes(), AsgiRoutes()
go_on = threading.Event()
kept: list[Any] = []


@wsgi.at("/row")
def tell_row(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(environ[KEY].read()).encode()]


@asgi.at("/row")
async def tell_row_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await answer(send, json.dumps(scope["extensions"][KEY].read()).encode())


@wsgi.at("/held")
def hold(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    kept.append(environ[KEY])
    go_on.wait(10)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(environ[KEY].read()).encode()]


@asgi.at("/held")
async def hold_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    kept.append(scope["extensions"][KEY])
    while not go_on.is_set():
        await asyncio.sleep(0.005)
    await answer(send, json.dumps(scope["extensions"][KEY].read()).encode())


@wsgi.at("/values")
def tell_values(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    check_values(environ[KEY])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"well"]


@asgi.at("/values")
async def tell_values_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    check_values(scope["extensions"][KEY])
    await answer(send, b"well")


def check_values(connection: Any) -> None:
    row = connection.read()
    assert type(row) is dict
    assert connection["fd"] == row["fd"]
    assert connection["age_seconds"] >= row["age_seconds"]
    with pytest.raises(KeyError):
        connection["rtt"]
    with pytest.raises(TypeError):
        connection["fd"] = 1
    assert bool(connection) is True
    assert copy.deepcopy({KEY: connection})[KEY] is connection
    kept.append(connection)


@pytest.fixture
def site(serve: Serve, interface: str) -> Running:
    kept.clear()
    go_on.clear()
    return serve(wsgi if interface == "wsgi" else asgi)


def ends(wire: Wire) -> tuple[str, str]:
    """The connection's addresses as the server sees them."""
    local, remote = wire.socket.getpeername(), wire.socket.getsockname()
    return f"{local[0]}:{local[1]}", f"{remote[0]}:{remote[1]}"


def test_the_row_is_that_of_this_connection(site: Running) -> None:
    with site.connect() as wire:
        wire.ask(request("/row"))
        told = json.loads(wire.ask(request("/row?a=b")).body)
        assert (told["local"], told["remote"]) == ends(wire)
        [row] = ss("-tnOe", f"src = {told['local']} and dst = {told['remote']}")
        assert f"ino:{told['inode']}" in row
        assert os.fstat(told["fd"]).st_ino == told["inode"]
    assert set(told) == set(documented(1, "idle", "ESTAB"))
    assert told["protocol"] == "tcp"
    assert told["engine"] == site.engine
    assert told["tcp_state"] == "ESTAB"
    assert told["phase"] == "in handler"
    assert (told["method"], told["path"]) == ("GET", "/row")
    assert told["requests"] == 2
    assert told["bytes_in"] == len(request("/row")) + len(request("/row?a=b"))
    assert told["bytes_out"] > 0
    assert told["rtt_ms"] > 0
    assert 0 <= told["phase_seconds"] <= told["age_seconds"]


def test_it_is_what_status_tells(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/held"))
        try:
            live = eventually(lambda: kept and kept[0], "the handler runs")
            [row] = [row for row in site.server.status()["connections"] if row["remote"] == ends(wire)[1]]
            mine = live.read()
        finally:
            go_on.set()
        own = json.loads(wire.answer().body)
    steady = set(documented(1, "idle", "ESTAB")) - {"age_seconds", "phase_seconds", "rtt_ms"}
    assert {key: row[key] for key in steady} == {key: mine[key] for key in steady}
    assert {key: row[key] for key in steady} == {key: own[key] for key in steady}


def test_a_client_that_has_finished_is_seen(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/held"))
        live = eventually(lambda: kept and kept[0], "the handler runs")
        try:
            wire.half_close()
            eventually(lambda: live.read()["tcp_state"] == "CLOSE-WAIT", "the end has come")
        finally:
            go_on.set()
        assert json.loads(wire.answer().body)["tcp_state"] == "CLOSE-WAIT"


def test_single_values(site: Running) -> None:
    with site.connect() as wire:
        assert wire.ask(request("/values")).body == b"well", site.log()
        assert wire.ask(request("/values")).body == b"well", site.log()
    assert kept[0] is kept[1], "made once for each connection"


def test_what_is_kept_of_a_closed_connection_is_none(site: Running) -> None:
    go_on.set()
    with site.connect() as wire:
        wire.ask(request("/held", "Connection: close"))
        wire.read_to_end()
    live = kept[0]
    eventually(lambda: live.read()["fd"] == -1, "the socket is closed")
    row = live.read()
    assert [row[key] for key in ("inode", "local", "tcp_state", "rtt_ms", "unread", "method")] == [None] * 6
    assert (row["protocol"], row["requests"], row["phase"]) == ("tcp", 1, "closing")


def test_a_unix_socket_has_no_addresses(serve: Serve, interface: str, tmp_path: Path) -> None:
    from tests.support.servers import run

    app = wsgi if interface == "wsgi" else asgi
    path = str(tmp_path / "s")
    engine = serve(app).engine
    with run(app, engine, tmp_path, bind=("127.0.0.1:0", f"unix:{path}")), Wire(path) as wire:
        told = json.loads(wire.ask(request("/row")).body)
    assert told["protocol"] == "unix"
    assert [told[key] for key in ("local", "remote", "tcp_state", "rtt_ms")] == [None] * 4
