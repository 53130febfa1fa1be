"""Echo messages over WebSockets: how many a second, and what each costs the server's processor.

    python benchmarks/websocket_echo.py [--connections 64] [--seconds 3] [--size 64] [--in-flight 1,16] [CANDIDATE ...]

Candidates are gearshift's engines (epoll, uring, auto, thread, pool) and, where they are installed beside this Python
(pip install "uvicorn[standard]" granian), uvicorn (with its `websockets` and `wsproto`) and granian. All of them serve
the same ASGI application, below. The client is one process; it keeps so many messages in flight on each connection, and
reads answers as whole frames without looking into them. The server's cost is its user and system time
(/proc/PID/stat) over the answers of that time; the client is the same for all, but on a machine of few processors it
takes its share of the rate.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ENGINES = ("epoll", "uring", "auto", "thread", "pool")


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The echo that is measured."""
    if scope["type"] != "websocket":
        raise NotImplementedError
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": message["text"]})


def command(candidate: str, port: int) -> list[str]:
    beside = Path(sys.executable).parent
    programs = {name: str(beside / name) for name in ("gearshift", "uvicorn", "granian")}
    if candidate in ENGINES:
        return [programs["gearshift"], "serve", "--engine", candidate, "--threads", "64",
                "--bind", f"127.0.0.1:{port}", "websocket_echo:app"]  # fmt: skip
    if candidate.startswith("uvicorn"):
        kind = candidate.partition("-")[2] or "websockets"
        return [
            programs["uvicorn"],
            "--ws",
            kind,
            "--port",
            str(port),
            "--log-level",
            "warning",
            "websocket_echo:app",
        ]
    return [
        programs["granian"],
        "--interface",
        "asgi",
        "--port",
        str(port),
        "--ws",
        "--no-log",
        "websocket_echo:app",
    ]


def frame(text: bytes) -> bytes:
    """A client's text frame."""
    key = b"\x12\x34\x56\x78"
    length = len(text)
    head = bytes((0x81, 0x80 | length)) if length < 126 else struct.pack("!BBH", 0x81, 0xFE, length)
    return head + key + bytes(byte ^ key[at & 3] for at, byte in enumerate(text))


def processor_seconds(pid: int) -> float:
    """User and system time of a process and of its children that still run."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total = (int(fields[11]) + int(fields[12])) / TICKS
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            total += processor_seconds(int(child))
    return total


def connect(port: int, within: float = 10.0) -> socket.socket:
    """An open WebSocket."""
    deadline = time.monotonic() + within
    while True:
        sock = socket.socket()
        try:
            sock.connect(("127.0.0.1", port))
            break
        except ConnectionRefusedError:
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(HANDSHAKE)
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(4096)
        if not piece:
            raise SystemExit(f"the handshake was answered {head!r}")
        head += piece
    if not head.startswith(b"HTTP/1.1 101"):
        raise SystemExit(f"the handshake was answered {head!r}")
    sock.setblocking(False)
    return sock


def measure(
    port: int, pid: int, connections: int, in_flight: int, size: int, seconds: float
) -> tuple[float, float]:
    """Messages a second, and the server's microseconds for each."""
    message = frame(b"x" * size)
    answer = size + (2 if size < 126 else 4)
    burst = message * in_flight
    sockets = {sock.fileno(): sock for sock in (connect(port) for _ in range(connections))}
    poller = select.epoll()
    for sock in sockets.values():
        poller.register(sock, select.EPOLLIN)
        sock.send(burst)
    missing = dict.fromkeys(sockets, 0)  # bytes of an answer that has come in part
    counted, since, began_cpu = 0, 0.0, 0.0
    began = time.monotonic()
    while True:
        now = time.monotonic()
        if since == 0 and now - began > 0.5:  # warmed up
            counted, since, began_cpu = 0, now, processor_seconds(pid)
        elif since and now - since > seconds:
            spent = processor_seconds(pid) - began_cpu
            break
        for descriptor, _events in poller.poll(1):
            data = sockets[descriptor].recv(262144)
            if not data:
                raise SystemExit("the server has closed a connection")
            whole, missing[descriptor] = divmod(missing[descriptor] + len(data), answer)
            if whole:
                counted += whole
                sockets[descriptor].send(message * whole)
    for sock in sockets.values():
        sock.close()
    poller.close()
    return counted / (now - since), spent / max(counted, 1) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("candidates", nargs="*")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--size", type=int, default=64, help="bytes of a message, 65535 at most")
    parser.add_argument("--in-flight", default="1,16")
    options = parser.parse_args()
    beside = Path(sys.executable).parent
    peers = [name for name in ("uvicorn", "granian") if shutil.which(str(beside / name))]
    for candidate in options.candidates or [*ENGINES, *peers]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            command(candidate, port), cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            for in_flight in map(int, options.in_flight.split(",")):
                rate, cost = measure(
                    port, server.pid, options.connections, in_flight, options.size, options.seconds
                )
                print(
                    f"{candidate:20} {in_flight:3} in flight: {rate:9.0f} messages a second,"
                    f" {cost:6.2f} µs of the processor each",
                    flush=True,
                )
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


if __name__ == "__main__":
    main()
