"""Servers under test in this process, kept running for as long as somebody may ask for them again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.probe import Probe, WsgiProbe
from tests.support.sealed import EverythingSealed, certificates
from tests.support.waiting import eventually
from tests.support.wire import Address, Wire

ENGINES = ("thread", "pool", "epoll", "uring", "auto")


class Running:
    """A server that runs, its application and its error log."""

    def __init__(self, server: Any, app: Any, engine: str, log: Path) -> None:
        self.server, self.app, self.engine, self._log = server, app, engine, log
        self._read_from = 0
        parts = urlsplit(server.url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.address: Address = (parts.hostname, parts.port)

    @property
    def gathers_bodies(self) -> bool:
        """Whether a body is read whole before the application is called: WSGI where reading must not block."""
        return isinstance(self.app, WsgiProbe) and self.engine in ("pool", "epoll", "uring", "auto")

    @property
    def probe(self) -> Probe:
        """The application, where it is one of the probes."""
        assert isinstance(self.app, Probe)
        return self.app

    def connect(self, **options: Any) -> Wire:
        """A new connection."""
        return Wire(self.address, **options)

    def begin(self) -> None:
        """A new test: forget what the probe was asked and what the log said."""
        if isinstance(self.app, Probe):
            self.app.reset()
        self._read_from = self._log.stat().st_size if self._log.exists() else 0

    def log(self) -> str:
        """What the error log says since `begin`."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as file:
            file.seek(self._read_from)
            return file.read().decode("utf-8", "replace")

    def logged(self, text: str) -> str:
        """Wait until the error log holds `text`."""

        def found() -> str:
            said = self.log()
            return said if text in said else ""

        return eventually(found, f"{text!r} in the error log, which says {self.log()!r}")


class Servers:
    """One server for each (application, engine, settings), started when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[tuple[object, ...], Running] = {}
        self._stack = contextlib.ExitStack()

    def get(self, app: Any, engine: str, **settings: Any) -> Running:
        """The running server for `app`; settings are those of `gearshift.Server`."""
        key = (id(app), engine, tuple(sorted(settings.items())))
        running = self._running.get(key)
        if running is None:
            running = self._stack.enter_context(run(app, engine, self._folder, **settings))
            self._running[key] = running
        running.begin()
        return running

    def close(self) -> None:
        """Stop them all."""
        self._stack.close()


@contextlib.contextmanager
def run(app: Any, engine: str, folder: Path, **settings: Any) -> Iterator[Running]:
    """A server for one test; its error log lies in `folder`."""
    import gearshift

    log = folder / f"{engine}-{len(list(folder.iterdir()))}.log"
    options: dict[str, Any] = {"bind": "127.0.0.1:0", "error_log": str(log), **settings}
    if EverythingSealed.on:
        options = {"certfile": certificates().chain, "keyfile": certificates().key, **options}
    with gearshift.Server(app, engine=engine, **options) as server:
        yield Running(server, app, engine, log)
