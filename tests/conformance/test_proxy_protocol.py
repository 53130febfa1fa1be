"""The PROXY protocol on every engine: before the first request, however it is cut, and from trusted peers only."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gearshift
from gearshift.proxy.introduction import SIGNATURE
from tests.support.behind import TWINS
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

Serve = Callable[..., Running]
LINE = b"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n"
SSL = b"\x20\x00\x05\x01\x00\x00\x00\x00"
HEADER = (
    SIGNATURE
    + b"\x21\x11"
    + struct.pack("!H", 12 + len(SSL))
    + socket.inet_aton("192.0.2.1")
    + socket.inet_aton("198.51.100.7")
    + struct.pack("!HH", 4711, 443)
    + SSL
)
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"


@pytest.fixture
def site(serve: Serve, interface: str) -> Running:
    return serve(TWINS[interface], trusted_proxies="127.0.0.1", proxy_protocol=True)


def seen(wire: Wire, *fields: str) -> dict[str, Any]:
    answer = wire.ask(request("/a", *fields))
    assert answer.status == 200, answer
    found: dict[str, Any] = json.loads(answer.body)
    return found


@pytest.mark.parametrize(("introduction", "scheme"), [(LINE, "http"), (HEADER, "https")], ids=["v1", "v2"])
def test_the_client_is_who_the_proxy_says(site: Running, introduction: bytes, scheme: str) -> None:
    """For all requests of the connection, and beside the proxy's own address in the table of connections."""
    wire = site.connect()
    own = "{}:{}".format(*wire.socket.getsockname())
    wire.send(introduction)
    for _ in range(2):
        found = seen(wire)
        assert (found["client"], found["scheme"]) == (["192.0.2.1", "4711"], scheme)
        assert found["row"] == ["192.0.2.1:4711", own, "192.0.2.1:4711"]


def test_in_one_piece_with_the_first_requests(site: Running) -> None:
    wire = site.connect()
    wire.send(HEADER + request("/a") + request("/b"))
    assert [json.loads(wire.answer().body)["below"] for _ in range(2)] == ["/a", "/b"]


@pytest.mark.parametrize("introduction", [LINE, HEADER], ids=["v1", "v2"])
def test_byte_by_byte(site: Running, introduction: bytes) -> None:
    wire = site.connect()
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for place in range(len(introduction)):
        wire.send(introduction[place : place + 1])
    assert seen(wire)["client"] == ["192.0.2.1", "4711"]


@pytest.mark.parametrize("introduction", [LOCAL, b"PROXY UNKNOWN\r\n"], ids=["local", "unknown"])
def test_a_proxy_that_speaks_for_itself(site: Running, introduction: bytes) -> None:
    wire = site.connect()
    wire.send(introduction)
    found = seen(wire)
    assert (found["client"][0], found["row"][1]) == ("127.0.0.1", None)


@pytest.mark.parametrize(
    "start", [b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", b"PROXY TCP4 x\r\n", b"\r\n\r\n\x00\r\nQUIX"]
)
def test_a_trusted_peer_without_it_is_closed(site: Running, start: bytes) -> None:
    before = site.server.status()["counts"]["unintroduced"]
    ending = site.connect().ask_to_end(start)
    assert (ending.data, ending.reset) == (b"", True)
    assert site.server.status()["counts"]["unintroduced"] == before + 1


def test_a_stranger_s_is_no_request(serve: Serve, interface: str) -> None:
    """Nobody is asked to have one whose word is not taken: it is read as HTTP, and is none."""
    running = serve(TWINS[interface], trusted_proxies="10.0.0.1", proxy_protocol=True)
    assert seen(running.connect())["client"][0] == "127.0.0.1"
    assert running.connect().ask(LINE + request("/a")).status == 400


def test_what_the_client_says_of_others_is_not_believed(site: Running) -> None:
    """It is no trusted proxy, though it came through one; a trusted one behind it may name its own clients."""
    wire = site.connect()
    wire.send(LINE)
    assert seen(wire, "X-Forwarded-For: 6.6.6.6")["client"] == ["192.0.2.1", "4711"]
    wire = site.connect()
    wire.send(LINE.replace(b"192.0.2.1", b"127.0.0.1"))
    assert seen(wire, "X-Forwarded-For: 6.6.6.6")["client"] == ["6.6.6.6", ""]


def test_it_must_come_in_time(serve: Serve, interface: str) -> None:
    running = serve(TWINS[interface], trusted_proxies="127.0.0.1", proxy_protocol=True, timeout_head=0.2)
    for start in (b"", LINE[:20]):
        assert running.connect().ask_to_end(start).data == b""


def test_a_peer_that_leaves_before_it_is_whole(site: Running) -> None:
    wire = site.connect()
    assert wire.ask_to_end(LINE[:20], half_close=True).data == b""


def test_over_a_unix_socket(engine: str, interface: str, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with gearshift.Server(
        TWINS[interface], engine=engine, bind=f"unix:{path}", trusted_proxies="unix", proxy_protocol=True
    ):
        wire = Wire(str(path))
        wire.send(LINE)
        found = seen(wire)
        assert (found["client"], found["row"]) == (
            ["192.0.2.1", "4711"],
            ["192.0.2.1:4711", "unix", "192.0.2.1:4711"],
        )


class Named:
    """A raw handler that says who its peer is."""

    def connected(self, connection: Any) -> None:
        connection.send(f"{connection.peer}\n".encode())

    def received(self, data: bytes) -> bytes:
        return data


def test_before_a_raw_handler(engine: str) -> None:
    with gearshift.Server(
        tcp=Named, engine=engine, bind="127.0.0.1:0", trusted_proxies="127.0.0.1", proxy_protocol=True
    ) as server:
        host, _, port = server.url.removeprefix("tcp://").rpartition(":")
        wire = Wire((host, int(port)))
        wire.send(LINE + b"hello\n")
        assert wire.read_until(b"hello\n") == b"192.0.2.1:4711\nhello\n"


def test_a_shift_in_the_middle_of_it(interface: str) -> None:
    with gearshift.Server(
        TWINS[interface], engine="epoll", bind="127.0.0.1:0", trusted_proxies="127.0.0.1", proxy_protocol=True
    ) as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        wire = Wire((host, int(port)))
        wire.send(LINE[:20])
        eventually(
            lambda: [each["bytes_in"] for each in server.status()["connections"]] == [20], "it is read"
        )
        server.shift("pool")
        wire.send(LINE[20:])
        assert seen(wire)["client"] == ["192.0.2.1", "4711"]
