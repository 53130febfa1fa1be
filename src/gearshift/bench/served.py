"""A server of the application in a process of its own: started, found ready, stopped."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

from gearshift.bench.processors import on
from gearshift.bench.readings import processes_of
from gearshift.errors import GearshiftError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

LONGEST_START = 30.0  # seconds
LONGEST_END = 3.0
BETWEEN_LOOKS = 0.005
TOLD_URL = re.compile(r"^  (http://\S+)", re.MULTILINE)
GEARSHIFT = (sys.executable, "-P", "-m", "gearshift")
# What must not be as the user has it: addresses that may be taken, logs and spans that are not to be filled.
OVERRIDDEN = (
    "--bind=127.0.0.1:0",
    "--access-log=",
    "--error-log=-",
    "--monitor=0",
    "--status=",
    "--control=",
    "--no-traces",
    "--timeout-drain=1",
)


class ServerError(GearshiftError):
    """A server does not start. output: what it said, to be shown before the line; exit_code: that of the server."""

    def __init__(self, message: str, output: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.output = output
        self.exit_code = exit_code


def gearshift_command(application: str, interface: str, flags: str) -> list[str]:
    """`gearshift serve` as the user has set it, but for what would get into the way."""
    return [*GEARSHIFT, "serve", *OVERRIDDEN, f"--interface={interface}", *flags.split(), "--", application]


class Served:
    """command: the server's. processor: where it is to run.

    url: where it will listen, "" where it says so itself. target: what it is asked for to see whether it answers yet.
    """

    def __init__(self, command: Sequence[str], processor: int, url: str = "", target: str = "/") -> None:
        self._command = command
        self._processor = processor
        self._target = target
        self.url = url

    def __enter__(self) -> Self:
        self._output = tempfile.TemporaryFile()
        try:
            with on(self._processor):
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=self._output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for us, and its processes are found by their session
                )
        except BaseException:
            self._output.close()
            raise
        try:
            self._await_readiness()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.processes = processes_of(self._process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Asks it to stop, then makes it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(LONGEST_END)
                break
        with suppress(ProcessLookupError):  # what it left behind
            os.killpg(self._process.pid, signal.SIGKILL)
        self._output.close()

    @property
    def output(self) -> str:
        """What it has said on both streams, the end of it."""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), 65536, max(size - 65536, 0)).decode("utf-8", "replace")

    def _await_readiness(self) -> None:
        deadline = time.monotonic() + LONGEST_START
        while not self._is_ready():
            code = self._process.poll()
            if code is not None:
                raise self._failure(f"the server ended with {code}", max(code, 1))
            if time.monotonic() > deadline:
                raise self._failure(f"the server was not ready within {LONGEST_START:g} s", 1)
            time.sleep(BETWEEN_LOOKS)

    def _is_ready(self) -> bool:
        if not self.url:
            told = TOLD_URL.search(self.output)
            self.url = told[1] if told else ""
            return bool(told)
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return _answers(host, int(port), self._target)

    def _failure(self, what: str, code: int) -> ServerError:
        *lines, last = self.output.rstrip().splitlines() or [""]
        last = last.removeprefix("gearshift: ")
        return ServerError(f"{what}: {last}" if last else what, "\n".join(lines), code)


def _answers(host: str, port: int, target: str) -> bool:
    """Whether anything of HTTP comes back: a server may listen long before it serves."""
    with suppress(OSError), socket.create_connection((host, port), 1) as connection:
        connection.settimeout(2)
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return connection.recv(16).startswith(b"HTTP/1.")
    return False


def free_port() -> int:
    """One that the kernel would give away now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
