"""Raw handlers leave neither descriptors nor threads behind, whatever has happened to their connections."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.raw_handlers import AsyncLines, Failing, Lines
from tests.support.servers import ENGINES, run
from tests.support.waiting import eventually

PATIENCE = 10.0


def descriptors() -> dict[str, int]:
    """How many are open, by what they lead to."""
    found: dict[str, int] = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            kind = str(entry.readlink()).partition(":")[0]
        except FileNotFoundError:
            continue
        found[kind] = found.get(kind, 0) + 1
    return found


def use(address: Any, handler: Any) -> None:
    for ending in ("close", "reset", "half-close", "boom"):
        said = b"raise" if ending == "boom" and handler is Failing else b"line\n"
        for _ in range(10):
            with socket.create_connection(address, PATIENCE) as sock:
                sock.sendall(said)
                try:
                    sock.recv(100)
                    if ending == "half-close":
                        sock.shutdown(socket.SHUT_WR)
                        sock.recv(100)
                except ConnectionResetError:
                    pass
                if ending == "reset":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("handler", [Lines, AsyncLines, Failing], ids=("sync", "async", "failing"))
def test_nothing_is_left(tmp_path: Path, engine: str, handler: Any) -> None:
    with run(None, engine, tmp_path, tcp=handler, udp="echo"):
        pass  # what is opened once, and kept, is there from here on
    before, threads = descriptors(), threading.active_count()
    with run(None, engine, tmp_path, tcp=handler, udp="echo") as running:
        use(running.address, handler)
        eventually(lambda: running.server.status()["open_connections"] == 1, "only the UDP socket is open")
        for name in (*ENGINES, engine):
            running.server.shift(name)
            use(running.address, handler)
    eventually(lambda: threading.active_count() == threads, "the threads have ended")
    eventually(lambda: descriptors() == before, f"the descriptors are {before} again")
