"""Telling the service manager how the service is: sd_notify(3), spoken without its library."""

from __future__ import annotations

import os
import socket
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self

    from gearshift.observe.error_log import ErrorLog
    from gearshift.server import Serving
    from gearshift.systemd.watchdog import Watchdog

PATIENCE = 1.0  # seconds that a service manager which reads nothing may hold the server up


class ServiceManager:
    """Whoever started the service with Type=notify. Safe to use from several threads and in a signal's handler.

    A message that can't be sent is told once in the error log: the service goes on.
    """

    def __init__(self, path: str, error_log: ErrorLog) -> None:
        # A name that begins with @ is abstract (unix(7)): of no file.
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._error_log = error_log
        self._told = False
        self.watchdog: Watchdog | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str], error_log: ErrorLog) -> Self | None:
        """The one that the environment names; None without one."""
        path = environ.get("NOTIFY_SOCKET", "")
        return cls(path, error_log) if path[:1] in ("/", "@") else None

    def say(self, *lines: str) -> None:
        """One message; each line is NAME=VALUE."""
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.settimeout(PATIENCE)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._told:
                self._told = True
                self._error_log.warning(f"the service manager (NOTIFY_SOCKET) can't be told: {error}")

    def ready(self, status: str) -> None:
        """Requests are answered from now on. status: one line for `systemctl status`."""
        self.say("READY=1", f"STATUS={status}", f"MAINPID={os.getpid()}")

    def status(self, status: str) -> None:
        self.say(f"STATUS={status}")

    def reloading(self) -> None:
        """What runs is being replaced; ready() says when that is done (Type=notify-reload)."""
        self.say("RELOADING=1", f"MONOTONIC_USEC={int(monotonic() * 1_000_000)}", "STATUS=reloading")

    def is_alive(self) -> None:
        """The sign of life that its watchdog waits for."""
        self.say("WATCHDOG=1")

    def stopping(self, status: str) -> None:
        """The end has begun."""
        self.say("STOPPING=1", f"STATUS={status}")

    def watch(self, environ: Mapping[str, str], gear: Callable[[], Any], loop: Callable[[], Any]) -> None:
        """Starts the watchdog, where the service manager has one for this process.

        gear: the one that serves. loop: the event loop of an ASGI application, or None.
        """
        seconds = watchdog_seconds(environ, os.getpid())
        if seconds > 0:
            from gearshift.systemd.watchdog import Watchdog

            self.watchdog = Watchdog(self.is_alive, gear, loop, seconds)
            self.watchdog.start()


def announce(serving: Serving, adapter: Any, environ: Mapping[str, str]) -> ServiceManager | None:
    """Tells the service manager, if there is one, that the server serves, and has it watched.

    adapter: the application behind its interface.
    """
    manager = ServiceManager.of(environ, serving.error_log)
    if manager is not None:
        places = ", ".join(place.url for place in serving.places)
        manager.ready(f"serving {serving.application.name} on {places} with the engine {serving.gear.name}")
        manager.watch(environ, lambda: serving.gear, lambda: getattr(adapter, "loop", None))
    return manager


def watchdog_seconds(environ: Mapping[str, str], pid: int) -> float:
    """Within how many seconds the service manager wants to hear of the process; 0 where it doesn't ask."""
    said = environ.get("WATCHDOG_USEC", "")
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return 0.0
    return int(said) / 1e6 if said.isascii() and said.isdigit() else 0.0
