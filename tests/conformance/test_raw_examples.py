"""Two real protocols over raw handlers, on every engine: spoken by the test, and by the programs that people use."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gearshift
from gearshift.client import Client
from tests.support.servers import Running, run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "raw_handlers"
PATIENCE = 10.0
REDIS_CLI, DIG = shutil.which("redis-cli"), shutil.which("dig")


@pytest.fixture(autouse=True)
def in_its_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    yield
    for name in ("redis_server", "dns_server"):
        sys.modules.pop(name, None)


@pytest.fixture
def redis(tmp_path: Path, engine: str) -> Iterator[Running]:
    with run(None, engine, tmp_path, tcp="redis_server:Redis") as running:
        yield running


@pytest.fixture
def dns(tmp_path: Path, engine: str) -> Iterator[Running]:
    with run(None, engine, tmp_path, udp="dns_server:Dns") as running:
        yield running


def asking(running: Running) -> Client:
    return gearshift.connect("{}:{}".format(*running.address), PATIENCE)


def request(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout


def test_redis_pipelined_and_split(redis: Running) -> None:
    said = request(b"PING") + request(b"SET", b"k\r\n\0", b"v" * 1000) + request(b"GET", b"k\r\n\0")
    answers = b"+PONG\r\n+OK\r\n$1000\r\n" + b"v" * 1000 + b"\r\n"
    with asking(redis) as whole:
        assert whole.send(said).receive_exactly(len(answers)) == answers
    with asking(redis) as bytewise:
        for byte in said:
            bytewise.send(bytes([byte]))
        assert bytewise.receive_exactly(len(answers)) == answers
    with asking(redis) as trailing:
        assert trailing.send(said + b"*1\r\n$4\r\nPI").receive_exactly(len(answers)) == answers
        assert trailing.send(b"NG\r\n").receive_until(b"\n") == b"+PONG\r\n"


def test_redis_refuses_what_it_does_not_know(redis: Running) -> None:
    with asking(redis) as client:
        assert client.send(b"FLY\r\n").receive_until(b"\n") == b"-ERR unknown command 'FLY'\r\n"
        assert client.send(request(b"GET")).receive_until(b"\n").startswith(b"-ERR wrong number")
        assert client.send(b"*x\r\n").receive_until(b"\n") == b"-ERR Protocol error: invalid length\r\n"
        assert client.receive() == b""


@pytest.mark.skipif(REDIS_CLI is None, reason="redis-cli is not installed (Debian: apt install redis-tools)")
def test_redis_cli(redis: Running) -> None:
    assert REDIS_CLI is not None
    cli = (REDIS_CLI, "-h", redis.address[0], "-p", str(redis.address[1]))
    assert output(*cli, "ping") == "PONG\n"
    assert output(*cli, "set", "colour", "dark green") == "OK\n"
    assert output(*cli, "get", "colour") == "dark green\n"
    assert output(*cli, "del", "colour", "none") == "1\n"
    assert output(*cli, "get", "colour") == "\n"


QUESTION = b"\4gear\7example\0" + struct.pack("!2H", 1, 1)


def test_dns_answers_and_keeps_silent(dns: Running) -> None:
    with gearshift.connect("udp:{}:{}".format(*dns.address), PATIENCE) as client:
        client.send(b"short")  # no header: no answer
        client.send(struct.pack("!6H", 1, 0x8000, 1, 0, 0, 0) + QUESTION)  # an answer is not answered
        asked = client.send(struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + QUESTION)
        answer = asked.receive()
        assert answer[:12] == struct.pack("!6H", 7, 0x8500, 1, 1, 0, 0)
        assert answer.endswith(socket.inet_aton("192.0.2.7"))
        client.send(struct.pack("!6H", 8, 0, 1, 0, 0, 0) + b"\x3fcut")
        assert client.receive() == struct.pack("!6H", 8, 0x8401, 0, 0, 0, 0)


@pytest.mark.skipif(DIG is None, reason="dig is not installed (Debian: apt install bind9-dnsutils)")
def test_dig(dns: Running) -> None:
    assert DIG is not None
    dig = (DIG, "@" + dns.address[0], "-p", str(dns.address[1]), "+tries=1", "+time=5")
    assert output(*dig, "+short", "gear.example", "A").split() == ["192.0.2.7"]
    assert output(*dig, "+short", "GEAR.example", "AAAA").split() == ["2001:db8::7"]
    assert sorted(output(*dig, "+short", "shift.example").split()) == ["192.0.2.8", "192.0.2.9"]
    assert "status: NXDOMAIN" in output(*dig, "none.example")
