#!/usr/bin/env python3
"""Hello over HTTP/2 in the clear (prior knowledge), Gearshift beside its peers: what a request costs the processor.

    benchmarks/http2_hello.py --gearshift .venv/bin/gearshift --peers ../peers/bin
    benchmarks/http2_hello.py --only gearshift-epoll,granian --rounds 5

Wants h2load (Debian: nghttp2-client) and taskset; a peer that is not installed is left out, and said. The server has
processor 0, the load generator processor 1. The figure to trust is CPU-us per request: user and system time of all the
server's processes, over the requests that were answered. Rounds go through all contenders in turn; medians are printed.
"""

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")


def commands(gearshift: str, peers: Path, port: int) -> dict[str, list[str]]:
    """What starts each contender."""
    at = f"127.0.0.1:{port}"
    found = {
        f"gearshift-{engine}-{interface}": [
            *(gearshift, "serve", f"hello:{interface}", "--engine", engine, "--bind", at, "--threads", "8"),
        ]
        for interface in ("wsgi", "asgi")
        for engine in ("epoll", "auto", "pool", "uring", "thread")
    }
    quiet = ["--no-access-log", "--log-level", "error", "--http", "2", "--port", str(port)]
    others = {
        "granian-wsgi": ["granian", "--interface", "wsgi", *quiet, "--blocking-threads", "8", "hello:wsgi"],
        "granian-asgi": ["granian", "--interface", "asgi", *quiet, "hello:asgi"],
        "hypercorn-asgi": ["hypercorn", "-b", at, "hello:asgi"],
    }
    return found | {name: [str(peers / words[0]), *words[1:]] for name, words in others.items()}


def start(command: list[str], port: int, log: Path) -> subprocess.Popen[bytes]:
    """Returns once it accepts connections. Raises RuntimeError with what it said."""
    environment = {**os.environ, "PYTHONPATH": str(HERE / "apps"), "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", "0", *command],
            env=environment,
            cwd=HERE / "apps",
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return process
    stop(process)
    raise RuntimeError("did not start: " + log.read_text(errors="replace")[-300:].strip())


def stop(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def cpu_seconds(leader: int) -> float:
    """Of all the processes that it began."""
    total = 0
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if fields and leader in (int(fields[2]), int(fields[3])):
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def load(port: int, requests: int, connections: int, streams: int) -> tuple[int, float]:
    """(answered with 2xx, seconds) of one run of h2load."""
    command = [
        "taskset",
        "-c",
        "1",
        "h2load",
        "-n",
        str(requests),
        "-c",
        str(connections),
        "-m",
        str(streams),
    ]
    said = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True).stdout
    good = re.search(r"status codes: (\d+) 2xx", said)
    took = re.search(r"finished in ([\d.]+)(us|ms|s),", said)
    seconds = float(took[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[took[2]] if took else float("nan")
    return int(good[1]) if good else 0, seconds


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gearshift", default="gearshift")
    parser.add_argument(
        "--peers", type=Path, default=Path("/usr/bin"), help="folder with hypercorn and granian"
    )
    parser.add_argument("--only", default="", help="contenders, by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--streams", type=int, default=16, help="at once in each connection")
    parser.add_argument("--port", type=int, default=8443)
    given = parser.parse_args()
    contenders = commands(str(Path(given.gearshift).absolute()), given.peers, given.port)
    wanted = given.only.split(",") if given.only else list(contenders)
    figures: dict[str, list[tuple[float, float, int]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(given.rounds):
            for name in wanted:
                if not Path(contenders[name][0]).exists():
                    print(f"{name}: not installed", file=sys.stderr)
                    continue
                process = start(contenders[name], given.port, Path(folder) / "log")
                try:
                    load(given.port, 2000, given.connections, given.streams)
                    before = cpu_seconds(process.pid)
                    answered, seconds = load(given.port, given.requests, given.connections, given.streams)
                    spent = cpu_seconds(process.pid) - before
                finally:
                    stop(process)
                figures.setdefault(name, []).append(
                    (spent / max(answered, 1) * 1e6, answered / seconds, given.requests - answered)
                )
    print(f"{'':24} {'CPU-us/request':>14} {'requests/s':>11} {'failed':>7}")
    for name, runs in sorted(figures.items(), key=lambda item: statistics.median(run[0] for run in item[1])):
        cpu, rate = (statistics.median(run[part] for run in runs) for part in (0, 1))
        print(f"{name:24} {cpu:14.1f} {rate:11.0f} {sum(run[2] for run in runs):7}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
