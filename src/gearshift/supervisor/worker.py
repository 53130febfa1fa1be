"""What runs in a worker: a server whose listeners were opened by its supervisor, which tells it when to leave."""

from __future__ import annotations

import select
import signal
from threading import Thread, Timer
from time import monotonic

from gearshift.listeners.listener import handed_down
from gearshift.server import FORCED_EXIT, Serving
from gearshift.supervisor.recycling import Recycling

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence
    from types import FrameType
    from typing import Any

    from gearshift.listeners import Listener
    from gearshift.observe.own_descriptors import OwnDescriptors
    from gearshift.settings import Settings
    from gearshift.supervisor.handing_over import Emigration, Reception
    from gearshift.supervisor.line import Line
    from gearshift.supervisor.transit import Transit

LOOKED_AT_EVERY = 1.0  # seconds between two looks at whether it has served long enough


class Worker(Serving):
    """One worker's server. app: as Serving has it. Made where the application is to be imported."""

    def __init__(self, settings: Settings, app: object) -> None:
        super().__init__(settings, app)
        self._line: Line | None = None
        self._transit: Transit | None = None
        self._control_path = ""
        self._reception: Reception | None = None
        self._emigration: Emigration | None = None
        self._drain_told = False
        self._retiring = False

    def live(
        self,
        line: Line,
        transit: Transit,
        listeners: Mapping[str, Sequence[Listener]],
        endpoints: Mapping[str, Sequence[socket.socket]],
        control_path: str,
    ) -> int:
        """From fork to exit; the exit code. listeners, endpoints: by the addresses that the settings name.
        control_path: where the supervisor's desk asks it, "" for nowhere. Raises GearshiftError for what kept it from
        starting.
        """
        self._line, self._transit, self._control_path = line, transit, control_path
        handed_down.clear()
        handed_down.update({text: list(opened) for text, opened in listeners.items()})
        if endpoints:
            from gearshift.raw import endpoint

            endpoint.handed_down.update({text: list(opened) for text, opened in endpoints.items()})
        self._take_signals()
        Thread(target=self._hear, name="supervisor", daemon=True).start()
        self.open()
        if self._drain_told:
            self.drain()
        self.run()
        if self._reception is not None:
            self._reception.stop()
        if self._emigration is not None:
            self._emigration.finish()
        if self.failure is not None:
            raise self.failure
        line.send(**{"is": "leaving", "counts": self._kept[0].as_dict()})
        return FORCED_EXIT if self._signals > 1 else 0

    def _open_to_those_who_ask(self) -> None:
        """To the desk alone, which has the control socket and the status page that the settings name."""
        from gearshift.control.paths import ControlError

        if not self._control_path:
            return
        try:
            self._open_control(self._control_path)
        except ControlError as error:
            self.error_log.warning(f"this worker's status can't be asked for: {error}")

    def _take_signals(self) -> dict[int, Any]:
        """SIGTERM alone ends a worker. What a terminal sends to all of its processes is the supervisor's to act upon; a
        handler, because to be ignored would be inherited by the programs that the application starts.
        """
        before = super()._take_signals()
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _leave_it_to_the_supervisor)
        return before

    def _is_ready(self) -> None:
        super()._is_ready()
        assert self._line is not None
        assert self._transit is not None
        assert self._gearbox is not None
        if self.listeners and not self._drain_told:
            from gearshift.supervisor.handing_over import Reception

            self._reception = Reception(self._transit.exit, self._gearbox, self.listeners, self.error_log)
            self._reception.start()
        self._line.send(
            **{"is": "serving", "application": self.application.name, "engine": self.gear.name},
            kind=self.application.kind.value,
        )

    def _own_descriptors(self) -> OwnDescriptors:
        own = super()._own_descriptors()
        assert self._line is not None
        assert self._transit is not None
        ends = (self._line, self._transit.entrance, self._transit.exit)
        return own._replace(descriptors=[*own.descriptors, *(end.fileno() for end in ends)])

    # ---- what the supervisor says ------------------------------------------------------------------------

    def _hear(self) -> None:
        """The thread at the line's end. Where the supervisor is gone, the worker drains."""
        assert self._line is not None
        recycling, began, told = Recycling(self.settings), monotonic(), False
        poller = select.poll()
        poller.register(self._line.fileno(), select.POLLIN)
        while True:
            looks = recycling.wanted and not told and self.ready.is_set()
            if poller.poll(LOOKED_AT_EVERY * 1000 if recycling.wanted and not told else None):
                message = self._line.receive()
                if message is None:
                    self.error_log.error("the supervisor is gone: draining")
                    self._end()
                    return
                self._obey(message)
            elif looks and (why := recycling.reason(self._kept[0].requests, monotonic() - began)):
                told = self._line.send(**{"is": "spent", "why": why})

    def _obey(self, message: dict[str, Any]) -> None:
        order = message.get("do")
        if order == "retire":
            self._retire(message["seconds"], message["hand_over"])
        elif order == "drain":
            self._end(message.get("delayed", False))
        elif order == "stop":
            self._signals = 2
            self._stop_at_once()
        elif order == "reopen":
            self._reopen_logs(0, None)
        elif order == "shift":
            self._shift(message["engine"], message["threads"])
        elif order == "watch":
            self._be_watched(message["seconds"])

    def _shift(self, engine: str, threads: int) -> None:
        """To the engine that the others were told to shift to before it started."""
        from gearshift.gearbox import ShiftError

        try:
            self.shift(engine, threads)
        except ShiftError as error:
            self.error_log.error(f"this worker can't shift as the others have: {error}")

    def _be_watched(self, seconds: float) -> None:
        """A service manager wants signs of life of all workers, and the supervisor gives one for all."""
        from gearshift.systemd.watchdog import Watchdog

        assert self._line is not None
        spoken, adapter = self._line, self._adapter
        Watchdog(
            lambda: spoken.send(**{"is": "alive"}),
            lambda: self.gear,
            lambda: getattr(adapter, "loop", None),
            seconds,
        ).start()

    def _retire(self, seconds: float, hand_over: bool) -> None:
        """Connections leave for other processes; after half the time, what can't is told that the end has come."""
        if self._retiring or self._gearbox is None:
            return
        self._retiring = True
        if self._reception is not None:
            self._reception.stop()
        from gearshift.supervisor.handing_over import Emigration

        assert self._transit is not None
        self._emigration = Emigration(self._transit.entrance, self.error_log, open=hand_over)
        self._gearbox.retire(self._emigration)
        if hand_over:
            timer = Timer(seconds / 2, self._gearbox.drain, (seconds / 2,))
            timer.daemon = True
            timer.start()
        else:
            self._gearbox.drain(seconds)
        self._end_by_force_after(seconds + 1)

    def begin_drain(self, why: str) -> None:
        self._end()

    def _end(self, delayed: bool = False) -> None:
        """As SIGTERM to a server that is one process. delayed: after --drain-delay."""
        if delayed and self._gearbox is not None:
            from gearshift.leaving import leave

            self._forced_ends.append(leave(self, self._gearbox, http_alone=self._raw is None))
            return
        self._drain_told = True
        if self._reception is not None:
            self._reception.stop()
        if self._emigration is not None:
            self._emigration.close()
        self.drain()
        self._end_by_force_after(self.settings.timeout_drain + 1)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first signal drains, the second ends. The supervisor has said so already."""
        self._signals += 1
        if self._signals == 1:
            self._drain_told = True
            self.drain()
            self._end_by_force_after(self.settings.timeout_drain + 1)
        else:
            self._stop_at_once()

    def _stop_at_once(self) -> None:
        if self._gearbox is not None:
            self._gearbox.stop()
        self._end_by_force_after(1)


def _leave_it_to_the_supervisor(number: int, frame: FrameType | None) -> None:
    """It has the same signal."""
