"""The client's steps against plain sockets of the test's own."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import gearshift
from gearshift.client import (
    Client,
    ClientError,
    EndedError,
    NameNotFoundError,
    RefusedError,
    ResetError,
    TimedOutError,
    TooLongError,
)
from gearshift.errors import GearshiftError, SettingError

PATIENCE = 10.0


@contextmanager
def peer(
    does: Callable[[socket.socket], object], family: int = socket.AF_INET, path: str = ""
) -> Iterator[str]:
    """Somebody who accepts one connection and does something with it."""
    with socket.socket(family) as listener:
        listener.settimeout(PATIENCE)
        listener.bind(path or ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(PATIENCE)
                does(accepted)

        thread = threading.Thread(target=serve)
        thread.start()
        place = listener.getsockname()
        yield f"unix:{path}" if path else f"{'[::1]' if family == socket.AF_INET6 else place[0]}:{place[1]}"
        thread.join(PATIENCE)
        assert not thread.is_alive()


def echo(sock: socket.socket) -> None:
    while data := sock.recv(65536):
        sock.sendall(data)


def test_each_step_is_seen() -> None:
    with peer(echo) as address:
        client = Client(address, timeout=PATIENCE)
        assert client.fd == -1
        assert client.create() is client
        assert client.fd >= 0
        client.connect()
        assert client.peer == address
        assert client.local.startswith("127.0.0.1:")
        client.send(b"one line\nand two")
        assert client.receive_until(b"\n") == b"one line\n"
        assert client.receive_exactly(3) == b"and"
        assert client.receive(1) == b" "
        assert client.finish().receive_exactly(3) == b"two"
        assert client.receive() == b""
        client.close()
        client.close()
        assert client.fd == -1
        assert repr(client) == f"Client({address!r}, fd=-1)"


def test_every_kind_of_address(tmp_path: Path) -> None:
    for family, path in ((socket.AF_INET6, ""), (socket.AF_UNIX, str(tmp_path / "s"))):
        with peer(echo, family, path) as address, gearshift.connect(address, PATIENCE) as client:
            assert client.send(b"hello").receive_exactly(5) == b"hello"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        with gearshift.connect(f"udp:127.0.0.1:{bound.getsockname()[1]}", PATIENCE) as client:
            client.send(b"one").send(b"")
            assert bound.recvfrom(10)[0] == b"one"
            data, place = bound.recvfrom(10)
            assert data == b""
            bound.sendto(b"back", place)
            assert client.receive() == b"back"


@pytest.mark.parametrize(
    "address", ["nowhere", "host:", "host:x", "host:0", "host:65536", ":80", "unix:", "a:b:80"]
)
def test_wrong_addresses(address: str) -> None:
    with pytest.raises(SettingError, match="expected HOST:PORT") as told:
        Client(address)
    assert repr(address) in str(told.value)


def unused() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_nobody_listens(tmp_path: Path) -> None:
    address = f"127.0.0.1:{unused()}"
    with pytest.raises(RefusedError, match=f"^connect to {address}: refused, nobody listens there$"):
        gearshift.connect(address, PATIENCE)
    with pytest.raises(RefusedError, match="connect to unix:"):
        gearshift.connect(f"unix:{tmp_path}/none", PATIENCE)
    with gearshift.connect(f"udp:{address}", PATIENCE) as client, pytest.raises(RefusedError):
        client.send(b"anybody?").receive()


def test_no_such_name() -> None:
    with pytest.raises(
        NameNotFoundError, match=r"^look up 'no-such-host\.invalid' for no-such-host\.invalid:80: "
    ):
        gearshift.connect("no-such-host.invalid:80", PATIENCE)


def test_too_late() -> None:
    over = threading.Event()
    with peer(lambda sock: over.wait(PATIENCE)) as address, gearshift.connect(address, 0.2) as client:
        with pytest.raises(TimedOutError, match=f"^receive from {address}: not done within 0.2 s$"):
            client.receive()
        with pytest.raises(TimedOutError, match=r"^receive 5 bytes from "):
            client.receive_exactly(5)
        with pytest.raises(TimedOutError, match="bytes to "):
            client.send(b"x" * 100_000_000)
        over.set()


def test_the_timeout_is_for_the_whole_step() -> None:
    """A peer that drips keeps nobody for ever."""
    over = threading.Event()

    def drip(sock: socket.socket) -> None:
        while not over.wait(0.05):
            sock.sendall(b".")

    with peer(drip) as address, gearshift.connect(address, 0.5) as client:
        with pytest.raises(TimedOutError):
            client.receive_until(b"\n")
        over.set()


def test_a_reset_is_told() -> None:
    def reset(sock: socket.socket) -> None:
        sock.recv(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with peer(reset) as address, gearshift.connect(address, PATIENCE) as client:
        client.send(b"x")
        with pytest.raises(ResetError, match="the peer has cut the connection"):
            client.receive()


def test_an_early_end_keeps_what_had_come() -> None:
    with peer(lambda sock: sock.sendall(b"half")) as address, gearshift.connect(address, PATIENCE) as client:
        with pytest.raises(EndedError, match="the peer has finished after 4") as told:
            client.receive_exactly(10)
        assert told.value.received == b"half"
        assert client.receive() == b"half"


def test_too_long() -> None:
    with peer(echo) as address, gearshift.connect(address, PATIENCE) as client:
        client.send(b"x" * 100)
        with pytest.raises(TooLongError, match=r"receive until b'\\n' from .*: found none in"):
            client.receive_until(b"\n", most=50)
        assert client.receive_exactly(100) == b"x" * 100
        client.finish()


def test_steps_out_of_order() -> None:
    client = Client("127.0.0.1:9", PATIENCE)
    with pytest.raises(ClientError, match=r"^connect to 127\.0\.0\.1:9: there is no socket, expected create"):
        client.connect()
    with client.create(), pytest.raises(ClientError, match="there is one already"):
        client.create()
    with pytest.raises(ClientError, match=r"^send to 127\.0\.0\.1:9: there is no socket"):
        client.send(b"x")
    assert issubclass(ClientError, GearshiftError)


def test_it_is_imported_only_when_it_is_used() -> None:
    said = (
        "import sys, gearshift;"
        "assert not [name for name in sys.modules if name.startswith('gearshift.client')];"
        "assert 'socket' not in sys.modules;"
        "gearshift.connect"
    )
    subprocess.run([sys.executable, "-c", said], check=True, timeout=PATIENCE)
