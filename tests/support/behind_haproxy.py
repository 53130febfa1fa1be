"""Three servers, each in a network namespace of its own, behind a real HAProxy with the project's configuration: they
are drained and killed one at a time while clients go on asking. A program, run in a new network namespace; prints JSON.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from tests.support.namespaced import output
from tests.support.process import ROOT, command, environment
from tests.support.waiting import eventually

CONFIGURATION = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
SERVERS = ("one", "two", "three")
DELAY = 1.0  # seconds: what haproxy.cfg says is enough
CLIENTS = 12
PORT = 8080


class Machine:
    """A server in a network namespace of its own, at the other end of a cable."""

    def __init__(self, number: int, name: str) -> None:
        self.name, self.address = name, f"10.77.{number}.2"
        self._holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        eventually(lambda: self._is_apart(), f"a namespace for {name}")
        pid = str(self._holder.pid)
        output("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", pid)
        output("ip", "address", "add", f"10.77.{number}.1/24", "dev", f"to-{name}")
        output("ip", "link", "set", f"to-{name}", "up")
        self._inside = ["nsenter", f"--net=/proc/{pid}/ns/net"]
        output(*self._inside, "ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        output(*self._inside, "ip", "link", "set", "eth0", "up")
        self.server: subprocess.Popen[bytes] | None = None

    def _is_apart(self) -> bool:
        own, other = (Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", self._holder.pid))
        return own != other

    def start(self) -> None:
        arguments = ("--bind", f"{self.address}:8000", "--health", "/health", "--drain-delay", str(DELAY))
        self.server = subprocess.Popen(
            [*self._inside, *command(*arguments, "--control", "", "tests.support.standalone:wsgi")],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.DEVNULL,
        )

    def end(self, number: signal.Signals) -> float:
        """Seconds from the signal to its end."""
        assert self.server is not None
        began = time.monotonic()
        self.server.send_signal(number)
        self.server.wait(15)
        return time.monotonic() - began

    def close(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.kill()
            self.server.wait()
        self._holder.kill()
        self._holder.wait()


class Clients:
    """Threads that ask over connections they keep: reads and writes in turn. What is lost is kept in words."""

    def __init__(self) -> None:
        self._ended = Event()
        self._lock = Lock()
        self.answered = 0
        self.lost: list[str] = []
        self._threads = [Thread(target=self._run) for _ in range(CLIENTS)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
        count = 0
        while not self._ended.is_set():
            count += 1
            method, path, body = ("POST", "/echo", b"hello") if count % 2 else ("GET", "/sleep?0.01", None)
            fault = ""
            try:
                connection.request(method, path, body)
                answer = connection.getresponse()
                if answer.read() != b"hello" or answer.status != 200:
                    fault = f"{method}: {answer.status}"
            except (OSError, http.client.HTTPException) as error:
                fault = f"{method}: {error!r}"
                connection.close()
            with self._lock:
                if fault:
                    self.lost.append(fault)
                else:
                    self.answered += 1
        connection.close()

    def taken(self) -> tuple[int, list[str]]:
        """What was answered and lost since the last time."""
        with self._lock:
            found = self.answered, self.lost
            self.answered, self.lost = 0, []
        return found


class Balancer:
    """HAProxy, and what its command socket says of the servers."""

    def __init__(self, folder: str, machines: list[Machine], *, repeats: bool) -> None:
        """repeats: as shipped, what was refused is asked of another server; else each refusal is a client's loss."""
        self.socket = f"{folder}/haproxy.sock"
        text = CONFIGURATION.read_text()
        for number, machine in enumerate(machines, 1):
            assert f"10.0.0.1{number}:8000" in text
            text = text.replace(f"10.0.0.1{number}:8000", f"{machine.address}:8000")
        for word in (
            () if repeats else ("retries", "option redispatch", "retry-on", "http-request disable-l7-retry")
        ):
            assert f"    {word} " in text
            text = re.sub(
                rf"^    {word} .*$", "    retries 0" if word == "retries" else "", text, flags=re.MULTILINE
            )
        # The command socket is the test's.
        text = text.replace("global\n", f"global\n    stats socket {self.socket} level admin\n", 1)
        path = Path(folder) / "haproxy.cfg"
        path.write_text(text)
        checked = subprocess.run(
            ["haproxy", "-c", "-f", str(path)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        assert "WARNING" not in checked.stderr, checked.stderr
        self._process = subprocess.Popen(["haproxy", "-f", str(path)], stdout=subprocess.DEVNULL)

    def states(self) -> dict[str, str]:
        """Each server's: UP, DOWN, and what is between."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(self.socket)
            asking.sendall(b"show stat\n")
            said = b"".join(iter(lambda: asking.recv(65536), b"")).decode()
        rows = [line.split(",") for line in said.splitlines() if line.startswith("gearshift,")]
        return {row[1]: row[17] for row in rows if row[1] in SERVERS}

    def wait_for(self, name: str, state: str) -> None:
        eventually(lambda: self._is(name, state), f"{name} is {state}", within=10)

    def _is(self, name: str, state: str) -> bool:
        with contextlib.suppress(OSError):
            return self.states().get(name) == state
        return False

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def session() -> dict[str, Any]:
    """Drains where nothing makes up for a refused connection, kills with what is shipped."""
    machines = [Machine(number, name) for number, name in enumerate(SERVERS, 1)]
    try:
        for machine in machines:
            machine.start()
        drains = rounds(machines, signal.SIGTERM, repeats=False)
        return {"delay": DELAY, "drains": drains, "kills": rounds(machines, signal.SIGKILL, repeats=True)}
    finally:
        for machine in machines:
            machine.close()


def rounds(machines: list[Machine], number: signal.Signals, *, repeats: bool) -> list[dict[str, Any]]:
    """Each server ended once."""
    with tempfile.TemporaryDirectory() as folder:
        balancer = Balancer(folder, machines, repeats=repeats)
        try:
            for machine in machines:
                balancer.wait_for(machine.name, "UP")
            with Clients() as clients:
                return [one(machine, number, balancer, clients) for machine in machines]
        finally:
            balancer.close()


def one(machine: Machine, number: signal.Signals, balancer: Balancer, clients: Clients) -> dict[str, Any]:
    """Ends one server, starts it again, and tells what clients had of it meanwhile."""
    eventually(lambda: clients.answered > 200, "the clients are at work")
    clients.taken()
    took = machine.end(number)
    assert machine.server is not None
    code = machine.server.returncode
    balancer.wait_for(machine.name, "DOWN")
    machine.start()
    balancer.wait_for(machine.name, "UP")
    answered, lost = clients.taken()
    return {"server": machine.name, "code": code, "seconds": took, "answered": answered, "lost": lost}


if __name__ == "__main__":
    output("ip", "link", "set", "lo", "up")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    json.dump(session(), sys.stdout)
