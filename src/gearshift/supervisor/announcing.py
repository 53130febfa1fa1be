"""What is told of several processes together, once and for all of them: the banner, and what systemd wants to hear.

The service manager's watchdog hears one sign of life for all: the supervisor gives it while its own loop turns and
every worker that serves has told it lately that engine and event loop come round (systemd/watchdog.py).
"""

from __future__ import annotations

import os
import socket
from copy import copy
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.supervisor.line import Line
    from gearshift.supervisor.supervisor import Supervisor
    from gearshift.systemd.notification import ServiceManager


class Announcing:
    """Of one supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._announced = False
        self._manager: ServiceManager | None = None
        self._interval = 0.0
        self._next = 0.0
        self._heard: dict[int, float] = {}  # when each worker was last heard of, by its process
        self._silent: list[int] = []
        if "NOTIFY_SOCKET" in os.environ:
            from gearshift.systemd.notification import ServiceManager, watchdog_seconds

            self._manager = ServiceManager.of(os.environ, supervisor.error_log)
            self._interval = watchdog_seconds(os.environ, os.getpid()) / 2

    def all_serve(self) -> None:
        """All workers do, and whoever asks for them is answered."""
        if not self._announced and self._supervisor.desk.is_open:
            self._announced = True
            self._print()
            self.ready()

    def ready(self) -> None:
        """To the service manager: also when a reload has gone through, or has failed."""
        if self._manager is not None and self._announced:
            serving = len(self._supervisor.serving())
            told = self._supervisor.desk.application
            places = ", ".join(listener.url for listener in self._urls_told())
            self._manager.ready(f"{serving} workers serve {told['application']} on {places}")

    def reloading(self) -> None:
        if self._manager is not None:
            self._manager.reloading()

    def stopping(self) -> None:
        if self._manager is not None:
            self._manager.stopping("draining")

    def serves(self, pid: int, line: Line) -> None:
        """A worker does: from now on signs of life are wanted of it, where the service manager wants some of us."""
        if self._interval:
            self.is_alive(pid)
            line.send(do="watch", seconds=self._interval)

    def is_alive(self, pid: int) -> None:
        """Its engine and its event loop have come round."""
        self._heard[pid] = monotonic()

    def succeeded_by(self, pid: int) -> None:
        """Another program is the service from now on: it is for us to say so, whom the service manager knows."""
        if self._manager is not None:
            self._manager.say(f"MAINPID={pid}")
            self._interval = 0.0

    def due(self) -> float | None:
        """When keep() has something to do; None: never."""
        return self._next if self._manager is not None and self._interval else None

    def keep(self) -> None:
        """The sign of life; where a worker is silent it is looked for again soon, since one may be late."""
        now = monotonic()
        if self._manager is None or not self._interval or now < self._next:
            return
        self._heard = {pid: self._heard.get(pid, now) for pid in self._supervisor.serving()}
        silent = [pid for pid, heard in self._heard.items() if now - heard > self._interval]
        if not silent:
            self._manager.is_alive()
        elif silent != self._silent:
            self._supervisor.error_log.warning(
                f"no sign of life from worker {', '.join(map(str, silent))}: systemd's watchdog is given none either"
            )
        self._silent = silent
        self._next = now + (self._interval / 4 if silent else self._interval)

    def _urls_told(self) -> list[Any]:
        """The listeners with what makes their URLs right: keyrings are the workers'."""
        settings = self._supervisor.newest_settings
        listeners = [copy(listener) for listener in self._supervisor.listening.shown()]
        for listener in listeners:
            if listener.family != socket.AF_UNIX:
                listener.keyring = settings.certfile or None
        return [*listeners, *self._supervisor.listening.endpoints]

    def _print(self) -> None:
        from gearshift.cli.banner import banner

        desk = self._supervisor.desk
        text = banner(
            self._supervisor.newest_settings,
            self._urls_told(),
            desk.application["engine"],
            desk.application["application"],
            desk.application["kind"] == "asgi",
            desk.control,
            desk.page,
            self._supervisor.serving(),
        )
        try:
            print(text, end="", flush=True)
        except OSError as error:
            self._supervisor.error_log.warning(f"standard output can't be written to: {error.strerror}")
