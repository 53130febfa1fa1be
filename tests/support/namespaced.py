"""Scenarios that want a network of their own: run as a program in a new network namespace, told as JSON.

`told(NAME)` runs one of these there, or one of another module, and skips the test, saying why, where no namespace can
be made.
"""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import eventually

NOBODY = "198.51.100.1"  # TEST-NET-2 (RFC 5737)
ROOT = Path(__file__).parents[2]


def told(*scenario: str, module: str = "tests.support.namespaced") -> Any:
    """What the scenario of that name found; more words are its arguments."""
    for tool in ("unshare", "ip", "ss", "nstat"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} here (util-linux, iproute2)")
    new = ["unshare", "--user", "--map-root-user", "--net"]
    probe = subprocess.run(
        [*new, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False
    )
    if probe.returncode:
        pytest.skip(f"no network namespace can be made here: {probe.stderr.strip()}")
    done = subprocess.run(
        [*new, sys.executable, "-m", module, *scenario],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def nstat() -> dict[str, int]:
    """TcpExt as nstat prints it: absolute, with zeros, without its history."""
    rows = (line.split() for line in output("nstat", "-asz").splitlines() if line.startswith("TcpExt"))
    return {row[0].removeprefix("TcpExt"): int(row[1]) for row in rows}


def steady(read: Callable[[], Any], other: Callable[[], Any]) -> tuple[Any, Any]:
    """Both readings of something that did not change meanwhile."""

    def both() -> tuple[Any, Any] | None:
        first, second = read(), other()
        return (first, second) if read() == first else None

    return eventually(both, "two equal readings")  # type: ignore[return-value]


def overflow() -> Any:
    """A socket that never accepts, with more connections than fit: what we and the system's tools say."""
    from gearshift.kernel.host_counters import host_counters
    from gearshift.kernel.listening import listening

    with socket.create_server(("127.0.0.1", 0), backlog=3) as listener:
        port = listener.getsockname()[1]
        clients = [socket.create_connection(listener.getsockname()) for _ in range(4)]
        for _ in range(5):
            late = socket.socket()
            late.setblocking(False)
            late.connect_ex(listener.getsockname())
            clients.append(late)

        def ours() -> Any:
            counters = host_counters()
            assert counters is not None
            return listening(listener.fileno()), counters.counts

        def theirs() -> Any:
            return output("ss", "-ltnH", f"sport = :{port}").split()[1:3], nstat()

        (seen, counts), (queue, counted) = steady(ours, theirs)
        return {"ours": seen._asdict(), "counts": counts, "ss": queue, "nstat": counted}


def half_open() -> Any:
    """Listeners on an address, on another one of the same port, and on all of them, with SYNs from nobody to each."""
    from gearshift.kernel.syn_queue import syn_queues

    output("ip", "route", "add", f"{NOBODY}/32", "dev", "lo")
    exact, other = (socket.create_server((host, 8001), backlog=64) for host in ("127.0.0.1", "127.0.0.2"))
    everywhere = socket.create_server(("0.0.0.0", 8002), backlog=64)
    listeners = {"exact": exact, "other": other, "everywhere": everywhere}
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for number, (host, port) in enumerate(
        [("127.0.0.1", 8001)] * 7 + [("127.0.0.2", 8001)] * 2 + [("127.0.0.3", 8002), ("127.0.0.1", 8002)]
    ):
        sender.sendto(syn((NOBODY, 20000 + number), (host, port)), (host, 0))

    def ours() -> Any:
        counts = syn_queues(listener.fileno() for listener in listeners.values())
        return {name: counts[listener.fileno()] for name, listener in listeners.items()}

    def theirs() -> Any:
        rows = output("ss", "-tnH", "state", "syn-recv").splitlines()
        return sorted(row.split()[2] for row in rows)

    seen, listed = steady(ours, theirs)
    return {"ours": seen, "ss": listed}


def syn(source: tuple[str, int], to: tuple[str, int]) -> bytes:
    """An IPv4 packet that opens a connection; the kernel fills in the IP checksum."""
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(to[0])
    head = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, socket.IPPROTO_TCP, 0) + addresses

    def segment(checksum: int) -> bytes:
        return struct.pack("!HHIIBBHHH", source[1], to[1], 1000, 0, 5 << 4, 0x02, 65535, checksum, 0)

    pseudo = addresses + struct.pack("!BBH", 0, socket.IPPROTO_TCP, 20) + segment(0)
    total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head + segment(~total & 0xFFFF)


def retransmits() -> Any:
    """A connection whose peer's address vanishes, and which then sends."""
    from gearshift.kernel.socket_row import socket_row
    from gearshift.kernel.tcp_info import tcp_info

    output("ip", "address", "add", f"{NOBODY}/32", "dev", "lo")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), source_address=(NOBODY, 0)),
    ):
        server, _ = listener.accept()
        output("ip", "address", "del", f"{NOBODY}/32", "dev", "lo")
        output("ip", "route", "add", f"{NOBODY}/32", "dev", "lo")
        server.send(b"x" * 500)
        began = time.monotonic()

        def ours() -> Any:
            seen = tcp_info(server.fileno())
            assert seen is not None
            return seen.retransmits, seen.total_retransmits, seen.bytes_retransmitted, seen.unacked

        eventually(lambda: ours()[0] >= 2, "it was sent again twice", within=20)
        seen, listed = steady(ours, lambda: output("ss", "-tinH", f"dport = :{server.getpeername()[1]}"))
        return {
            "ours": seen,
            "ss": listed,
            "unsent": socket_row(server.fileno())[6],
            "waited": time.monotonic() - began,
        }


if __name__ == "__main__":
    output("ip", "link", "set", "lo", "up")
    scenarios = {scenario.__name__: scenario for scenario in (overflow, half_open, retransmits)}
    print(json.dumps(scenarios[sys.argv[1]]()))
