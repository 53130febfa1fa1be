"""What is told of several processes together, once and for all of them: the banner, and what systemd wants to hear.

The service manager's watchdog is given a sign of life by the supervisor while its own loop turns; of a worker that
hangs the error log tells (`--slow-request`).
"""

from __future__ import annotations

import os
import socket
from copy import copy
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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

    def succeeded_by(self, pid: int) -> None:
        """Another program is the service from now on: it is for us to say so, whom the service manager knows."""
        if self._manager is not None:
            self._manager.say(f"MAINPID={pid}")
            self._interval = 0.0

    def due(self) -> float | None:
        """When keep() has something to do; None: never."""
        return self._next if self._manager is not None and self._interval else None

    def keep(self) -> None:
        """The sign of life."""
        if self._manager is not None and self._interval and monotonic() >= self._next:
            self._next = monotonic() + self._interval
            self._manager.say("WATCHDOG=1")

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
            desk.control,
            desk.page,
            self._supervisor.serving(),
        )
        try:
            print(text, end="", flush=True)
        except OSError as error:
            self._supervisor.error_log.warning(f"standard output can't be written to: {error.strerror}")
