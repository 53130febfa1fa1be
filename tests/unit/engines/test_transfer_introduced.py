"""A connection that goes to another process while the PROXY protocol is waited for, or after it has come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import gearshift
from gearshift.engines.transfer import packed
from tests.support.behind import wsgi
from tests.support.waiting import eventually
from tests.support.wire import Wire, close_all, request

LINE = b"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n"


@pytest.fixture
def server() -> Iterator[Any]:
    settings: dict[str, Any] = {"engine": "epoll", "bind": "127.0.0.1:0", "trusted_proxies": "127.0.0.1"}
    with gearshift.Server(wsgi, proxy_protocol=True, **settings) as running:
        yield running
    close_all()


def facts(server: Any, came: int) -> dict[str, Any]:
    """What would be sent of the only connection, once so many bytes of it have come."""

    def connection() -> Any:
        [found] = server._serving._kept[2].all() or [None]
        return found if found is not None and found.bytes_in == came else None

    found: dict[str, Any] = json.loads(
        packed(eventually(connection, f"{came} bytes"))[1:].partition(b"\n")[0]
    )
    return found


def wire_to(server: Any) -> Wire:
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    return Wire((host, int(port)))


@pytest.mark.parametrize("came", [0, 20])
def test_what_has_come_of_it_goes_along(server: Any, came: int) -> None:
    wire = wire_to(server)
    wire.send(LINE[:came])
    seen = facts(server, came)
    assert (bytes.fromhex(seen["introduction"]), seen["introduced"]) == (LINE[:came], None)


def test_what_it_has_told_goes_along(server: Any) -> None:
    wire = wire_to(server)
    asked = LINE + request("/a")
    assert wire.ask(asked).status == 200
    seen = facts(server, len(asked))
    assert seen["introduction"] is None
    assert seen["introduced"][1:] == ["192.0.2.1", "4711", False]
