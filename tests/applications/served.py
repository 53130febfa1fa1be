"""`gearshift serve` as a user runs it: a process in a folder, its two streams in files, and clients for it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

import gearshift
from tests.support.waiting import eventually

PACKAGE_ROOT = Path(gearshift.__file__).resolve().parents[1]
SITES = Path(__file__).resolve().parent / "sites"
URL = re.compile(r"^  (http://\S+|unix:\S+)  ", re.MULTILINE)
# For httpx: without the proxies of whoever runs the tests, and without the 50 ms that reading certificates takes.
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
# What Python says of files, loops and coroutines that somebody forgot; frameworks warn of other things too.
UNTIDY = re.compile("ResourceWarning|RuntimeWarning|was never|was destroyed")
# -P: what the installed script does too, so that the current folder is importable by Gearshift's doing.
COMMAND = (sys.executable, "-P", "-m", "gearshift")


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of whoever runs the tests, without their settings of Gearshift."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GEARSHIFT_")}
    return {**kept, "PYTHONPATH": str(PACKAGE_ROOT), "PYTHONWARNINGS": "default", **extra}


class Finished(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The only line on standard error; nothing else was said."""
        assert self.out == "", self.out
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def gearshift_command(*arguments: str, folder: Path, variables: Mapping[str, str] | None = None) -> Finished:
    """Runs a command to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(variables or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


class Served:
    """A server process that has said where it listens."""

    def __init__(self, popen: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.popen, self.pid, self._out, self._err = popen, popen.pid, out, err
        eventually(lambda: URL.search(self.out()) or popen.poll() is not None, "it says where it listens", 20)
        self.urls: list[str] = URL.findall(self.out())
        assert self.urls, f"it ended with {popen.poll()}: {self.out()}{self.err()}"
        self.url = self.urls[0]

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def out(self) -> str:
        """What it has said on standard output."""
        return self._out.read_text("utf-8", "replace")

    def err(self) -> str:
        """What it has said on standard error; the error log too, unless it was sent elsewhere."""
        return self._err.read_text("utf-8", "replace")

    def logged(self, text: str, times: int = 1) -> str:
        """Waits until `text` stands in the error log that many times, and gives the whole log."""
        eventually(lambda: self.err().count(text) >= times, f"{text!r} in the error log")
        assert self.err().count(text) == times, self.err()
        return self.err()

    def tell(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def wait(self, within: float = 15.0) -> int:
        """Its exit code."""
        return self.popen.wait(within)

    def stop(self, number: signal.Signals = signal.SIGTERM, within: float = 15.0) -> int:
        """Tells it to stop; its exit code."""
        self.tell(number)
        return self.wait(within)

    def threads(self) -> int:
        """How many threads the kernel counts."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/task").iterdir())

    def descriptors(self) -> int:
        """How many descriptors are open."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def peak_memory(self) -> int:
        """Largest resident size so far (VmHWM), in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        match = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        assert match is not None
        return int(match[1]) * 1024

    def written(self) -> int:
        """Bytes written through file operations (proc_pid_io(5), wchar): sendfile counts, send does not."""
        match = re.search(r"^wchar: (\d+)$", Path(f"/proc/{self.pid}/io").read_text(), re.MULTILINE)
        assert match is not None
        return int(match[1])

    def client(self, **options: Any) -> httpx.Client:
        """An httpx client for it."""
        return httpx.Client(base_url=self.url, timeout=15, **PLAIN, **options)


@contextlib.contextmanager
def serving(
    *arguments: str,
    folder: Path = SITES,
    variables: Mapping[str, str] | None = None,
    bind: str = "127.0.0.1:0",
    inherited: Sequence[int] = (),
) -> Iterator[Served]:
    """A server on a port of its own (`bind` empty: wherever the other settings say), killed if still there."""
    with tempfile.TemporaryDirectory() as streams:
        out, err = Path(streams, "out"), Path(streams, "err")
        with out.open("wb") as out_file, err.open("wb") as err_file:
            popen = subprocess.Popen(
                [*COMMAND, "serve", *(("--bind", bind) if bind else ()), *arguments],
                cwd=folder,
                env=environment(variables or {}),
                stdin=subprocess.DEVNULL,
                stdout=out_file,
                stderr=err_file,
                pass_fds=inherited,
            )
        try:
            yield Served(popen, out, err)
        finally:
            if popen.poll() is None:
                popen.kill()
            popen.wait()


class Sites:
    """One server for each (application, engine), started when it is first asked for.

    files: a folder for the applications, with a `large.bin` to send and a `site.css`.
    """

    def __init__(self, files: Path) -> None:
        self.files = files
        self.large = os.urandom(4096) * 1024
        (files / "large.bin").write_bytes(self.large)
        (files / "site.css").write_text("body { color: teal }\n")
        self._running: dict[tuple[str, ...], Served] = {}
        self._stack = contextlib.ExitStack()

    def get(self, application: str, engine: str, *arguments: str) -> Served:
        key = (application, engine, *arguments)
        if key not in self._running:
            variables = {"SITE_FILES": str(self.files)}
            started = serving("--engine", engine, *arguments, application, variables=variables)
            self._running[key] = self._stack.enter_context(started)
        return self._running[key]

    def close(self) -> list[str]:
        """Stops them all; what went wrong in doing so.

        Before its version 6, Django leaves the file with a cancelled request's body to the collector.
        """
        wrong = []
        with self._stack:
            for served in self._running.values():
                served.tell(signal.SIGTERM)
            for key, served in self._running.items():
                try:
                    code = served.wait()
                except subprocess.TimeoutExpired:
                    wrong.append(f"{key} does not end: {served.err()}")
                    continue
                if code:
                    wrong.append(f"{key} ended with {code}: {served.err()}")
                lines = [
                    line
                    for line in served.err().splitlines()
                    if not re.search("SpooledTemporaryFile|Enable tracemalloc", line)
                ]
                wrong += [f"{key}: {line}" for line in lines if UNTIDY.search(line)]
        return wrong


class Curled(NamedTuple):
    """What curl received: the last answer's status, its fields by lower-case name, the body."""

    code: int
    status: int
    fields: dict[str, str]
    body: bytes
    err: str


def curl(*arguments: str, given: bytes = b"", code: int = 0) -> Curled:
    """Runs curl, which must end with `code`. given: its standard input."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    with tempfile.NamedTemporaryFile() as heads:
        done = subprocess.run(
            [program, "-q", "-sS", "--noproxy", "*", "--max-time", "20", "-D", heads.name, *arguments],
            input=given,
            capture_output=True,
            timeout=30,
            check=False,
        )
        text = heads.read().decode("latin-1")
    assert done.returncode == code, (done.returncode, done.stderr)
    head = text.rstrip("\r\n").rpartition("\r\n\r\n")[2]
    first, *lines = head.split("\r\n")
    status = int(first.split(" ")[1]) if first else 0
    pairs = [line.partition(":") for line in lines]
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    return Curled(done.returncode, status, fields, done.stdout, done.stderr.decode())
