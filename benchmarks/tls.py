#!/usr/bin/env python3
"""Hello over TLS, Gearshift beside its peers: what a request costs the processor, and what a handshake does.

    benchmarks/tls.py --gearshift .venv/bin/gearshift --peers ../peers/bin
    benchmarks/tls.py --only gearshift-epoll,granian --rounds 5 keep-alive-wsgi

Wants wrk, openssl and taskset; a peer that is not installed is left out, and said. The server has processor 0, the load
generator processor 1. The figure to trust is CPU-us per request: user and system time of all the server's processes,
over the requests that were answered. Rounds go through all contenders in turn, and medians are printed.
"""

import argparse
import os
import re
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
BROWSER = (  # the head a desktop browser sends, Host aside
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language: en-US,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Cookie: uid=12345678901234567890; session=1.1234567890.1234567890.1234567890.12; wd=2560x1600",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: none",
    "Priority: u=0, i",
)
# Scenario: the interface, and what is done to it. A resumed session needs no certificate and no signature: wrk, which
# keeps the sessions of its connections, resumes them wherever a connection ends, and has no way not to.
SCENARIOS = {
    f"{kind}-{interface}": (interface, kind)
    for kind in ("keep-alive", "handshakes", "resumed")
    for interface in ("wsgi", "asgi")
}
SHAKERS = 8  # processes that make full handshakes, each one connection at a time


def commands(
    interface: str, gearshift: str, peers: Path, port: int, cert: str, key: str
) -> dict[str, list[str]]:
    """What starts each contender for that interface."""
    app, at = f"hello:{interface}", f"127.0.0.1:{port}"
    found = {
        f"gearshift-{engine}": [
            *(gearshift, "serve", app, "--engine", engine, "--bind", at, "--threads", "8"),
            *("--certfile", cert, "--keyfile", key),
        ]
        for engine in ("thread", "pool", "epoll", "uring", "auto")
    }
    granian = [
        *(
            "granian",
            "--interface",
            interface,
            "--port",
            str(port),
            "--no-access-log",
            "--log-level",
            "error",
        ),
        *("--ssl-certificate", cert, "--ssl-keyfile", key, "--backlog", "4096", "--backpressure", "20000"),
    ]
    gunicorn = [
        *("gunicorn", "-w", "1", "--keep-alive", "75", "--worker-connections", "20000", "-b", at),
        *("--certfile", cert, "--keyfile", key),
    ]
    if interface == "wsgi":
        others = {
            "granian": [*granian, "--blocking-threads", "8", app],
            "granian-inline": [*granian, "--runtime-mode", "st", app],
            "gunicorn": [*gunicorn, "-k", "gthread", "--threads", "8", app],
        }
    else:
        others = {
            "granian": [*granian, app],
            "gunicorn": [*gunicorn, "-k", "asgi", app],
            "uvicorn": [
                *("uvicorn", "--port", str(port), "--no-access-log", "--log-level", "error"),
                *("--timeout-keep-alive", "75", "--ssl-certfile", cert, "--ssl-keyfile", key, app),
            ],
            "hypercorn": ["hypercorn", "-b", at, "--certfile", cert, "--keyfile", key, app],
        }
    return found | {name: [str(peers / words[0]), *words[1:]] for name, words in others.items()}


def certificate(folder: str, kind: str) -> tuple[str, str]:
    """A certificate of its own for localhost."""
    cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    how = ["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", *how, "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


class Contender:
    """One server that runs, on a processor of its own."""

    def __init__(self, command: list[str], port: int, folder: str) -> None:
        self.port = port
        self.log = Path(folder) / "log"
        environment = {**os.environ, "PYTHONPATH": str(HERE / "apps"), "PYTHONDONTWRITEBYTECODE": "1"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", "0", *command],
                env=environment,
                cwd=HERE / "apps",
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> "Contender":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with (
                    socket.create_connection(("127.0.0.1", self.port), 1) as plain,
                    context.wrap_socket(plain) as sealed,
                ):
                    sealed.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    if sealed.recv(4096).startswith(b"HTTP/1.1 200"):
                        self.suite = f"{sealed.version()} {sealed.cipher()[0]}"  # type: ignore[index]
                        return self
            except OSError:
                time.sleep(0.01)
        self.__exit__()
        raise RuntimeError("did not start: " + self.log.read_text(errors="replace")[-300:].strip())

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.process.poll()

    def cpu_seconds(self) -> float:
        """Of all its processes."""
        total = 0
        for entry in Path("/proc").iterdir():
            try:
                fields = (
                    (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
                )
            except OSError:
                continue
            if fields and self.process.pid in (int(fields[2]), int(fields[3])):
                total += int(fields[11]) + int(fields[12])
        return total / TICKS


def load(port: int, seconds: int, kind: str) -> dict[str, float]:
    """One run: keep-alive, or a connection for each request, which resumes a session or doesn't."""
    return shake(port, seconds) if kind == "handshakes" else ask(port, seconds, closing=kind == "resumed")


def shake(port: int, seconds: int) -> dict[str, float]:
    """One run of several `openssl s_time`: a full handshake and an HTTP/1.0 request for each connection."""
    command = ["taskset", "-c", "1", "openssl", "s_time", "-new", "-www", "/", "-time", str(seconds)]
    running = [
        subprocess.Popen(
            [*command, "-connect", f"localhost:{port}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(SHAKERS)
    ]
    counts = [re.search(r"(\d+) connections in [\d.]+s", one.communicate()[0]) for one in running]
    return {
        "requests": float(sum(int(count[1]) for count in counts if count)),
        "p99_ms": float("nan"),
        "failed": float(counts.count(None)),
    }


def ask(port: int, seconds: int, closing: bool) -> dict[str, float]:
    """One run of wrk with 64 connections."""
    headers = [*BROWSER, "Connection: close" if closing else "Connection: keep-alive"]
    words = [word for header in headers for word in ("-H", header)]
    command = ["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", *words]
    said = subprocess.run([*command, f"https://localhost:{port}/"], capture_output=True, text=True).stdout
    count = re.search(r"(\d+) requests in", said)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)\n", said)
    failed = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)))
    return {
        "requests": float(count[1]) if count else 0.0,
        "p99_ms": float(p99[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99[2]] if p99 else float("nan"),
        "failed": float(failed),
    }


def measured(command: list[str], kind: str, seconds: int, port: int, folder: str) -> dict[str, float | str]:
    with Contender(command, port, folder) as server:
        load(port, 1, kind)
        before = server.cpu_seconds()
        found = load(port, seconds, kind)
        spent = server.cpu_seconds() - before
        return {
            "cpu_us": spent / max(found["requests"], 1) * 1e6,
            "per_second": found["requests"] / seconds,
            "p99_ms": found["p99_ms"],
            "failed": found["failed"],
            "suite": server.suite,
        }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], help="which (default: all)")
    parser.add_argument("--gearshift", default=".venv/bin/gearshift", help="the command under test")
    parser.add_argument("--peers", default=".venv/bin", help="where the peers' commands are")
    parser.add_argument("--only", default="", help="contenders, with commas between")
    parser.add_argument("--key", choices=("ec", "rsa"), default="ec", help="P-256 or RSA with 2048 bits")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    asked = parser.parse_args()
    gearshift, peers = str(Path(asked.gearshift).absolute()), Path(asked.peers).expanduser()
    for scenario in asked.scenarios or SCENARIOS:
        interface, kind = SCENARIOS[scenario]
        rows: dict[str, list[dict[str, float | str]]] = {}
        with tempfile.TemporaryDirectory() as folder:
            cert, key = certificate(folder, asked.key)
            for _ in range(asked.rounds):
                port = free_port()
                for name, command in commands(interface, gearshift, peers, port, cert, key).items():
                    if asked.only and name not in asked.only.split(","):
                        continue
                    if not Path(command[0]).exists():
                        print(f"{name}: found no {command[0]}; it is left out", file=sys.stderr)
                        continue
                    try:
                        rows.setdefault(name, []).append(measured(command, kind, asked.seconds, port, folder))
                    except RuntimeError as error:
                        print(f"{name}: {error}", file=sys.stderr)
        print(f"\n{scenario}\n  {'':16}{'CPU-us':>9}{'a second':>11}{'p99 ms':>9}{'failed':>8}")
        medians = {
            name: [
                statistics.median(float(row[key]) for row in found)
                for key in ("cpu_us", "per_second", "p99_ms", "failed")
            ]
            for name, found in rows.items()
        }
        for name, (cpu, rate, p99, failed) in sorted(medians.items(), key=lambda item: item[1]):
            print(f"  {name:16}{cpu:9.2f}{rate:11,.0f}{p99:9.2f}{failed:8.0f}  {rows[name][0]['suite']}")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
