"""The parent under `--reload`: it holds the listening sockets, and starts the server anew when a file has changed.

Its sockets stay open while one server ends and the next one starts: who connects meanwhile waits in the accept queue
instead of being refused. The server inherits them (--bind fd:N) and knows nothing of the watching.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from enum import Enum
from importlib.util import cache_from_source
from time import monotonic

from gearshift.apps.loader import Kind
from gearshift.development.watching import Watcher
from gearshift.errors import SettingError
from gearshift.listeners import opened
from gearshift.observe.error_log import ErrorLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from gearshift.listeners import Listener
    from gearshift.settings import Settings

SHORT_DRAIN = 2.0  # seconds that requests have to be answered before the next server starts
PATIENCE = 3.0  # seconds beyond it, after which a server that does not end is killed
NAMED = 3  # files that are named in the log
CANT_GO_ON = 2  # exit code of a server that says why in one line: a change of a file would not mend it


class News(Enum):
    """Why the parent stops waiting."""

    SIGNAL = "a signal asks for the end"
    CHANGED = "a file has changed"
    ENDED = "the server has ended by itself"
    LATE = "nothing has happened in time"


def run(flags: Mapping[str, object], settings: Settings) -> int:
    """What `gearshift serve --reload` does; the exit code. flags: as on the command line. Raises GearshiftError."""
    refuse(settings)
    watcher = Watcher(settings.reload_dir or (os.curdir,), settings.reload_include, settings.reload_exclude)
    listeners = list(opened(settings))
    try:
        with watcher:
            return Reloader(flags, settings, listeners, watcher).run()
    finally:
        for listener in listeners:
            listener.close()


def refuse(settings: Settings) -> None:
    """Raises SettingError for what starting anew makes no sense with, or can't do."""
    for name in ("tcp", "udp", "tcp_bind", "udp_bind"):
        if settings.values[name]:
            raise SettingError(
                f"--reload: found --{name.replace('_', '-')} beside it, expected an application over HTTP alone"
            )
    if not settings.app:
        raise SettingError("--reload: found no APP, expected module:attribute to start anew")
    if os.path.isdir(settings.app):  # noqa: PTH112 - as the loader decides it
        raise SettingError(
            f"--reload: found {Kind.STATIC.value} files in {settings.app}, expected module:attribute;"
            " files of a folder are read anew without it"
        )
    if settings.workers not in (0, 1):
        raise SettingError(
            f"--reload: found --workers {settings.workers} beside it, expected one process, which is started anew"
        )


class Reloader:
    """Starts servers one after another until a signal ends it."""

    def __init__(
        self,
        flags: Mapping[str, object],
        settings: Settings,
        listeners: Sequence[Listener],
        watcher: Watcher,
    ) -> None:
        self._flags = flags
        self._listeners = listeners
        self._watcher = watcher
        self._error_log = ErrorLog(settings.error_log)
        self._drain = min(settings.timeout_drain, SHORT_DRAIN)
        self._signals: list[int] = []
        self._child: Any = None

    def run(self) -> int:
        """Returns the last server's exit code."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        handlers = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
        }
        try:
            return self._serve(reader)
        finally:
            if self._child is not None and self._child.poll() is None:
                self._child.kill()
                self._child.wait()
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
            reader.close()
            writer.close()
            self._error_log.close()

    def _on_signal(self, number: int, frame: object) -> None:
        """SIGUSR1 opens the server's log anew; the others are for the loop, and for the server when that says so."""
        if number == signal.SIGUSR1:
            self._error_log.reopen()
            with suppress(ProcessLookupError):
                self._child.send_signal(number)
        else:
            self._signals.append(number)

    def _serve(self, signals: socket.socket) -> int:
        failure = ""
        while True:
            self._child = self._start(failure)
            news = self._wait(signals, watching=True)
            if news is News.ENDED:
                code: int = self._child.wait()
                if code in (0, CANT_GO_ON) or failure:
                    return code
                failure = ended_in_words(code)
                self._error_log.error(f"{failure}; it is started again when a file changes")
                continue
            self._end(signals)
            if self._signals:
                return int(self._child.returncode)
            self._forget(self._watcher.take())
            failure = ""

    def _start(self, failure: str) -> subprocess.Popen[bytes]:
        """A server on the sockets that are open. failure: why there can be none but one that says so."""
        descriptors = [listener.fd for listener in self._listeners]
        flags = {**self._flags, "bind": [f"fd:{fd}" for fd in descriptors]}
        told = json.dumps({"flags": flags, "drain": self._drain, "failure": failure})
        return subprocess.Popen(
            [sys.executable, "-m", "gearshift.development.child", told], pass_fds=descriptors
        )

    def _wait(self, signals: socket.socket, *, watching: bool, until: float = 0.0) -> News:
        """What happens first. until: monotonic seconds when waiting ends; 0 for never."""
        poller = select.poll()
        poller.register(signals, select.POLLIN)
        if watching:
            poller.register(self._watcher, select.POLLIN)
        process = os.pidfd_open(self._child.pid)
        try:
            poller.register(process, select.POLLIN)
            while True:
                left = max(0.0, until - monotonic()) * 1000 if until else None
                ready = {fd for fd, _ in poller.poll(left)}
                if signals.fileno() in ready:
                    with suppress(BlockingIOError):
                        signals.recv(4096)
                    if self._signals:
                        return News.SIGNAL
                if process in ready:
                    return News.ENDED
                if watching and self._watcher.fileno() in ready:
                    return News.CHANGED
                if until and monotonic() >= until:
                    return News.LATE
        finally:
            os.close(process)

    def _end(self, signals: socket.socket) -> None:
        """Ends the server: what has been received is answered, within a moment. A further signal does not wait."""
        self._child.terminate()
        heard = len(self._signals)
        until = monotonic() + self._drain + PATIENCE
        while self._child.poll() is None:
            news = self._wait(signals, watching=False, until=until)
            if news is News.SIGNAL and len(self._signals) > heard:
                heard = len(self._signals)
                self._child.terminate()
            elif news is News.LATE:
                self._error_log.warning("the server does not end; it is killed")
                self._child.kill()
                self._child.wait()

    def _forget(self, changed: Sequence[str]) -> None:
        """Says what has changed, and removes its bytecode: that is told from the source by whole seconds and length, so
        two changes within a second could leave the first one's in force.
        """
        names = [os.path.relpath(path) for path in changed]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        self._error_log.info(f"{', '.join(names[:NAMED])}{more} changed: starting anew")
        for path in changed:
            if path.endswith(".py"):
                with suppress(OSError):
                    os.unlink(cache_from_source(path))  # noqa: PTH108


def ended_in_words(code: int) -> str:
    """How a process ended, from what subprocess says of it."""
    if code < 0:
        return f"the server was ended by {signal.Signals(-code).name}"
    return f"the server has ended by itself, with exit code {code}"
