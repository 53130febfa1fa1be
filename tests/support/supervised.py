"""A supervisor with workers in processes of its own, and clients that never stop asking it."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gearshift.control.client import ask
from tests.support.process import ROOT, Address, environment
from tests.support.waiting import eventually
from tests.support.wire import Wire

LOAD = Path(__file__).with_name("reload_load.py")
SUPERVISOR = re.compile(r"SIGHUP to (\d+) reloads")
URL = re.compile(r"https?://([\d.]+):(\d+)")
CONTROL = re.compile(r"control socket (\S+)")


class Supervised:
    """One that runs. `pid`: of the supervisor, which an upgrade changes."""

    def __init__(self, popen: subprocess.Popen[bytes], log: Path) -> None:
        self.popen = popen
        self._log = log
        self._read_from = 0
        host, port = URL.findall(self.said("Ctrl-C"))[0]
        self.address: Address = (host, int(port))

    @property
    def pid(self) -> int:
        return int(SUPERVISOR.findall(self.log())[-1])

    def log(self) -> str:
        """All that it has written."""
        return self._log.read_text()

    def said(self, text: str, times: int = 1, within: float = 15.0) -> str:
        """The log, once it holds the text so often."""

        def found() -> str:
            log = self.log()
            return log if log.count(text) >= times else ""

        try:
            return eventually(found, f"{text!r} {times} times in the log", within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.log()}") from None

    def signal(self, number: signal.Signals) -> None:
        """Sent to the supervisor."""
        import os

        os.kill(self.pid, number)

    def reload(self) -> None:
        """Returns when the new workers serve."""
        before = self.log().count("reloaded:")
        self.signal(signal.SIGHUP)
        self.said("reloaded:", before + 1)

    def upgrade(self) -> None:
        """Returns when the new program serves, with its desk open, and the old one has left."""
        before = len(SUPERVISOR.findall(self.log()))
        former = Path(f"/proc/{self.pid}")
        self.signal(signal.SIGUSR2)
        self.said("reloads, SIGUSR2", before + 1)
        eventually(
            lambda: not former.exists() or "State:\tZ" in (former / "status").read_text(), "it has left"
        )

    def connect(self, **options: Any) -> Wire:
        return Wire(self.address, **options)

    def ask(self, command: str = "status", **values: object) -> dict[str, Any]:
        """Of its control socket."""
        return ask(CONTROL.findall(self.log())[-1], command, **values)

    def workers(self) -> list[int]:
        """The processes that serve."""
        return [row["pid"] for row in self.ask()["workers"] if row["state"] == "serving"]

    @contextlib.contextmanager
    def load(self, kept: int = 16, short: int = 6) -> Iterator[subprocess.Popen[str]]:
        """Clients that ask until finish()."""
        host, port = self.address
        popen = subprocess.Popen(
            [sys.executable, str(LOAD), str(host), str(port), str(kept), str(short)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert popen.stdout is not None
            assert popen.stdout.readline() == "asking\n"
            yield popen
        finally:
            popen.kill()
            popen.communicate()


def finish(popen: subprocess.Popen[str]) -> dict[str, Any]:
    """What has come of the asking."""
    said, _ = popen.communicate(timeout=60)
    found: dict[str, Any] = json.loads(said)
    return found


@contextlib.contextmanager
def supervised(folder: Path, *arguments: str, where: Path = ROOT) -> Iterator[Supervised]:
    """From when it serves until it is killed, with all its workers and whoever took its place."""
    log = folder / "said"
    with log.open("wb") as file:
        popen = subprocess.Popen(
            [sys.executable, "-m", "gearshift", "serve", "--bind", "127.0.0.1:0", *arguments],
            cwd=where,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Supervised(popen, log)
    finally:
        # Of the session that was begun for it: nobody else's.
        with contextlib.suppress(ProcessLookupError):
            import os

            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()
