"""Raw UDP handlers, the same on every engine."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

import gearshift
from tests.support.servers import ENGINES, Running, Servers, run
from tests.support.waiting import eventually

ServeUdp = Callable[..., Running]
PATIENCE = 10.0
LARGEST = 65507  # bytes of a datagram over IPv4


class Capitals:
    """Answers with capitals; b"boom" raises, b"thrice" is answered three times, b"quiet" not at all."""

    ended: ClassVar[list[str]] = []

    def opened(self, endpoint: Any) -> None:
        self.endpoint = endpoint
        self.address = endpoint.address

    def datagram(self, data: bytes, peer: tuple[str, int]) -> bytes | None:
        if data == b"boom":
            raise ValueError("the handler's own")
        if data == b"exit":
            raise SystemExit(3)
        if data == b"quiet":
            return None
        if data == b"who":
            return "{}:{}".format(*peer).encode()
        if data == b"thrice":
            self.endpoint.send(b"1", peer)
            self.endpoint.send(bytearray(b"2"), (peer[0], peer[1]))
            return b"3"
        return data.upper()

    def closed(self) -> None:
        self.ended.append(self.address)


class AsyncCapitals(Capitals):
    """The same, which waits in between."""

    async def datagram(self, data: bytes, peer: tuple[str, int]) -> bytes | None:  # type: ignore[override]
        await asyncio.sleep(0.001)
        return Capitals.datagram(self, data, peer)


class Held:
    """Keeps the thread that runs it until the test lets it go."""

    gate: ClassVar[threading.Event] = threading.Event()

    def datagram(self, data: bytes, peer: tuple[str, int]) -> bytes:
        assert self.gate.wait(PATIENCE)
        return data


@pytest.fixture
def serve_udp(servers: Servers, engine: str) -> ServeUdp:
    """Ask for a raw UDP handler on the engine."""

    def serve(handler: Any, **settings: Any) -> Running:
        return servers.get(None, engine, udp=handler, **settings)

    return serve


@pytest.fixture(params=(Capitals, AsyncCapitals), ids=("sync", "async"))
def capitals(request: pytest.FixtureRequest, serve_udp: ServeUdp) -> Running:
    """The handler in both kinds."""
    return serve_udp(request.param)


def client(running: Running) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(PATIENCE)
    sock.connect(running.address)
    return sock


@pytest.mark.parametrize(
    "said", [b"gear", b"", b"\0", b"x" * LARGEST], ids=("word", "empty", "zero", "largest")
)
def test_a_datagram_is_answered_whole(capitals: Running, said: bytes) -> None:
    with client(capitals) as sock:
        sock.send(said)
        assert sock.recv(65536) == said.upper()


def test_each_is_one_whatever_comes_behind_it(capitals: Running) -> None:
    """No datagram is joined with the next or cut by it, nor answered twice."""
    said = [b"number %d" % number for number in range(150)]
    with client(capitals) as sock:
        for datagram in said:
            sock.send(datagram)
        assert sorted(sock.recv(65536) for _ in said) == sorted(datagram.upper() for datagram in said)
        sock.send(b"last")
        assert sock.recv(65536) == b"LAST"


def test_each_peer_has_its_own_answer(capitals: Running) -> None:
    with client(capitals) as first, client(capitals) as second:
        for sock in (first, second):
            sock.send(b"who")
        for sock in (second, first):
            assert sock.recv(100) == "{}:{}".format(*sock.getsockname()).encode()


def test_none_is_no_answer_and_send_is_one_more(capitals: Running) -> None:
    with client(capitals) as sock:
        sock.send(b"quiet")
        sock.send(b"thrice")
        assert sorted(sock.recv(100) for _ in range(3)) == [b"1", b"2", b"3"]


def test_an_error_costs_its_datagram_and_no_other(capitals: Running) -> None:
    with client(capitals) as sock:
        for said in (b"boom", b"exit", b"after"):
            sock.send(said)
        assert sock.recv(100) == b"AFTER"
    capitals.logged("ValueError: the handler's own")
    capitals.logged("error in datagram")


def test_sending_from_another_thread(tmp_path: Path, engine: str) -> None:
    endpoints = []

    class Beacon:
        def opened(self, endpoint: Any) -> None:
            endpoints.append(endpoint)

        def datagram(self, data: bytes, peer: tuple[str, int]) -> None:
            return None

    with run(None, engine, tmp_path, udp=Beacon) as running, client(running) as sock:
        eventually(lambda: endpoints, "the handler is told its endpoint")
        endpoints[0].send(b"unasked", sock.getsockname())
        assert sock.recv(100) == b"unasked"
        with pytest.raises(ValueError, match="found the peer 'nobody'"):
            endpoints[0].send(b"x", "nobody")
    assert endpoints[0].closed
    endpoints[0].send(b"too late", ("127.0.0.1", 9))


def test_what_finds_no_room_is_seen(tmp_path: Path, engine: str) -> None:
    """The kernel's own count of what a busy handler has lost, and what waits for it."""
    Held.gate.clear()
    try:
        with run(None, engine, tmp_path, udp=Held) as running, client(running) as sock:

            def overflows() -> bool:
                for _ in range(300):
                    sock.send(b"x" * 30000)
                [endpoint] = running.server.status()["endpoints"]
                return bool(endpoint["drops"] and endpoint["receive_queue"])

            eventually(overflows, "datagrams are dropped")
            [endpoint] = running.server.status()["endpoints"]
            assert endpoint["address"] == running.server.url
            assert endpoint["receive_queue"] > endpoint["receive_queue_limit"] / 2
            Held.gate.set()
            assert sock.recv(65536) == b"x" * 30000
    finally:
        Held.gate.set()


@pytest.mark.parametrize("handler", [Capitals, AsyncCapitals], ids=("sync", "async"))
def test_shifts_lose_nothing(tmp_path: Path, engine: str, handler: Any) -> None:
    """Of a client that waits for each answer before it asks again, not one question is lost."""
    over = threading.Event()
    wrong: list[bytes] = []

    def talk(running: Running) -> None:
        with client(running) as sock:
            turn = 0
            while not over.is_set():
                turn += 1
                sock.send(b"turn %d" % turn)
                answer = sock.recv(100)
                if answer != b"TURN %d" % turn:
                    wrong.append(answer)

    with run(None, engine, tmp_path, udp=handler) as running:
        talker = threading.Thread(target=talk, args=(running,))
        talker.start()
        for name in (*ENGINES, engine):
            running.server.shift(name)
        over.set()
        talker.join(PATIENCE)
        assert not talker.is_alive()
        assert running.server.status()["open_connections"] == 1
    assert wrong == []


def test_what_has_come_is_answered_before_the_end(tmp_path: Path, engine: str) -> None:
    with run(None, engine, tmp_path, udp=Capitals) as running, client(running) as sock:
        sock.send(b"first")
        assert sock.recv(100) == b"FIRST"
        said = [b"number %d" % number for number in range(100)]
        for datagram in said:
            sock.send(datagram)
        running.server.stop()
        assert sorted(sock.recv(100) for _ in said) == sorted(datagram.upper() for datagram in said)
        assert "{}:{}".format(*running.address) in Capitals.ended
        sock.send(b"anybody?")
        with pytest.raises(ConnectionRefusedError):
            sock.recv(100)


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"over HTTP"]


@pytest.mark.parametrize("handler", [Capitals, AsyncCapitals], ids=("sync", "async"))
def test_beside_an_application(tmp_path: Path, engine: str, handler: Any) -> None:
    with run(hello, engine, tmp_path, udp=handler, udp_bind="127.0.0.1:0") as running:
        with running.connect() as wire:
            wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert wire.answer().body == b"over HTTP"
        place = running.server.urls[1].removeprefix("udp://")
        with gearshift.connect(f"udp:{place}", PATIENCE) as asking:
            assert asking.send(b"over raw").receive() == b"OVER RAW"


def test_both_protocols_at_one_address(tmp_path: Path, engine: str) -> None:
    with run(None, engine, tmp_path, tcp="echo") as running:
        place = "{}:{}".format(*running.address)
        with (
            run(None, engine, tmp_path, tcp="discard", udp="echo", bind="127.0.0.1:0", udp_bind=place),
            gearshift.connect(place, PATIENCE) as stream,
            gearshift.connect(f"udp:{place}", PATIENCE) as datagrams,
        ):
            assert stream.send(b"stream").receive_exactly(6) == b"stream"
            assert datagrams.send(b"datagram").receive() == b"datagram"


def test_over_ipv6(tmp_path: Path, engine: str) -> None:
    with (
        run(None, engine, tmp_path, udp=Capitals, bind="[::1]:0") as running,
        gearshift.connect(running.server.url.replace("udp://", "udp:"), PATIENCE) as asking,
    ):
        assert asking.send(b"six").receive() == b"SIX"
        asking.send(b"thrice")
        assert [asking.receive() for _ in range(3)] == [b"1", b"2", b"3"]


def test_discard(serve_udp: ServeUdp) -> None:
    running = serve_udp("discard")
    with client(running) as sock:
        for _ in range(10):
            sock.send(b"gone")
        eventually(lambda: running.server.status()["endpoints"][0]["received"] == 10, "ten are received")
        assert running.server.status()["endpoints"][0]["sent"] == 0
