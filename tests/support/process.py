"""`python -m gearshift serve` in a process of its own, and what /proc says of it."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.support.sealed import EverythingSealed, certificates
from tests.support.wire import Address, Wire

ROOT = Path(__file__).resolve().parents[2]
URL = re.compile(rb"https?://(\[?[0-9A-Za-z.:]+?\]?):([0-9]+)")
TIME_WAIT = "06"
CLOSE_WAIT = "08"
LISTEN = "0A"


class Process:
    """A server process that has said where it listens."""

    def __init__(self, popen: subprocess.Popen[bytes], address: Address, said: bytes) -> None:
        self.popen, self.address, self.pid, self._said = popen, address, popen.pid, said

    def connect(self, **options: float) -> Wire:
        """A new connection."""
        return Wire(self.address, **options)  # type: ignore[arg-type]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it."""
        self.popen.send_signal(number)

    def wait(self, within: float = 10.0) -> int:
        """Its exit code."""
        return self.popen.wait(within)

    def ended(self, within: float = 10.0) -> tuple[int, str]:
        """Its exit code and everything it has said on both streams."""
        rest, _ = self.popen.communicate(timeout=within)
        self._said += rest
        return self.popen.returncode, self._said.decode("utf-8", "replace")

    def descriptors(self) -> int:
        """How many descriptors are open."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def open_sockets(self) -> int:
        """How many of them are sockets. (Spare wake-ups that an engine keeps for its next connections are not.)"""
        count = 0
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                count += str(entry.readlink()).startswith("socket:")
        return count

    def memory(self) -> int:
        """Peak resident memory in bytes (VmHWM)."""
        return _status(self.pid, "VmHWM")

    def reset_peak(self) -> int:
        """Make the peak the present size (proc(5): writing 5 to clear_refs) and return it, in bytes."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.memory()

    def cpu(self) -> float:
        """User and system time used so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sockets(self) -> dict[str, int]:
        """How many TCP sockets with its port as the local one are in each state (hexadecimal, tcp_states.h)."""
        return socket_states(self.address[1] if isinstance(self.address, tuple) else 0)


def socket_states(port: int) -> dict[str, int]:
    """States of the TCP sockets whose local port this is, in hexadecimal as the kernel writes them."""
    states: dict[str, int] = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        if int(local.rpartition(":")[2], 16) == port:
            states[state] = states.get(state, 0) + 1
    return states


def _status(pid: int, field: str) -> int:
    match = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert match is not None
    return int(match[1]) * 1024


def command(*arguments: str) -> list[str]:
    """The command line of a server."""
    return [sys.executable, "-m", "gearshift", "serve", *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a server: settings of whoever runs the tests are left out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GEARSHIFT_")}
    # Servers are started in other folders too.
    inherited = [
        str(Path(entry).resolve()) for entry in kept.get("PYTHONPATH", "").split(os.pathsep) if entry
    ]
    path = os.pathsep.join([str(ROOT), *inherited])
    if EverythingSealed.on:
        kept |= {"GEARSHIFT_CERTFILE": certificates().chain, "GEARSHIFT_KEYFILE": certificates().key}
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **(extra or {})}


def launch(arguments: Sequence[str], descriptors: int = 0, folder: Path = ROOT) -> subprocess.Popen[bytes]:
    """Start a server; `descriptors` limits the ones it may open."""

    def limit() -> None:
        if descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=limit if descriptors else None,
    )


@contextlib.contextmanager
def serving(*arguments: str, descriptors: int = 0, folder: Path = ROOT) -> Iterator[Process]:
    """A server on a port of its own, from when it listens until it is killed."""
    popen = launch(("--bind", "127.0.0.1:0", *arguments), descriptors, folder)
    try:
        address, said = _wait_for_address(popen)
        yield Process(popen, address, said)
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.wait()
        if popen.stdout is not None:
            popen.stdout.close()


def _wait_for_address(popen: subprocess.Popen[bytes], within: float = 10.0) -> tuple[Address, bytes]:
    assert popen.stdout is not None
    said = b""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        poller = select.poll()  # select() knows no descriptor past 1023
        poller.register(popen.stdout, select.POLLIN)
        if poller.poll(100):
            piece = os.read(popen.stdout.fileno(), 65536)
            said += piece
            match = URL.search(said)
            if match is not None:
                return (match[1].decode().strip("[]"), int(match[2])), said
            if not piece:
                break
    raise AssertionError(f"the server did not say where it listens: {said.decode('utf-8', 'replace')}")
