"""One process that serves: application, listeners and engines put together, started, shifted, drained and stopped."""

from __future__ import annotations

import os
import signal
from socket import socketpair
from threading import Event, Timer, current_thread, main_thread

from gearshift.apps.interface import interface_of
from gearshift.apps.loader import Kind, adopt
from gearshift.engines import Timeouts, Workplace, engine_to_be_had, make_engine
from gearshift.gearbox import Gear, Gearbox, ShiftError, ThreadedGearbox
from gearshift.listeners import access_of, open_listener, parse
from gearshift.observe.error_log import ErrorLog
from gearshift.observe.observer import Observer
from gearshift.raw import raw_handlers
from gearshift.settings import Settings
from gearshift.tls import secured

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from gearshift.exchange import Service
    from gearshift.listeners import Listener
    from gearshift.observe.own_descriptors import OwnDescriptors

FORCED_EXIT = 1  # exit code after a second signal, or where a handler had to be abandoned
LAST_MOMENT = 1.0  # seconds between being told to stop and being stopped by force


def run_in_foreground(settings: Settings) -> int:
    """What `gearshift serve` does; returns the exit code."""
    return Serving(settings, settings.app).run_until_signal(announce=True)


class Serving:
    """The life of one server, whatever thread it runs in."""

    def __init__(self, settings: Settings, app: object) -> None:
        self.settings = settings
        self.error_log = ErrorLog(settings.error_log)
        self._raw = raw_handlers(settings, self.error_log, alone=app in (None, ""))
        served = None if self._raw is None else self._raw.application
        self.application = served or adopt(app if app != "" else None, settings.interface)
        self.listeners: list[Listener] = []
        self.ready = Event()
        self.failure: BaseException | None = None
        self.status_page: Any = None
        self._access_log: Any = None
        self._monitor: Any = None
        self._secured: Any = None  # where TLS is spoken
        self._gearbox: Gearbox | None = None
        self._control: Any = None
        self._adapter: Any = None
        self.own_answers: Any = None
        self._http2: Any = None
        self._kept: tuple[Any, ...] = ()  # what goes on from engine to engine: counts, times, the roster
        self._observer: Observer | None = None
        self._announces = False
        self._manager: Any = None  # systemd, where it wants to hear of the service
        self._signals = 0
        self._signal_ends: tuple[Any, Any] | None = None
        self._forced_ends: list[Timer] = []

    # ---- made ------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Opens logs and listeners and makes the engine; undone by close(). Raises GearshiftError."""
        settings = self.settings
        try:
            if settings.access_log:
                from gearshift.observe.access_log import AccessLog

                self._access_log = AccessLog(settings.access_log, settings.access_log_format, self.error_log)
            if self.application.kind is not Kind.RAW:
                for text in settings.bind:
                    self.listeners.append(open_listener(parse(text), settings.backlog, access_of(settings)))
            if self._raw is not None:
                self._raw.open(self.listeners)
            self._secured = secured(settings, self.listeners, self.error_log)
            self._adapter = interface_of(self.application, settings, self.error_log)
            self._gearbox = self._make_gearbox(engine_to_be_had(settings.engine, self.error_log))
            self._observer = Observer(
                self._gearbox,
                self.listeners,
                self._adapter,
                self.application.name,
                settings,
                self.error_log,
                self._own_descriptors,
                () if self._raw is None else self._raw.endpoints,
            )
            self._open_to_those_who_ask()
        except BaseException:
            self.close()
            raise

    def _make_gearbox(self, name: str) -> Gearbox:
        settings = self.settings
        if self.application.kind is not Kind.ASGI:
            return ThreadedGearbox(self._make_gear, name, settings.threads)
        from gearshift.apps.asgi.hosting import AsgiGearbox

        return AsgiGearbox(
            self._make_gear,
            name,
            settings.threads,
            self._make_bare_engine,
            self._adapter,
            self.error_log,
            settings.timeout_drain,
        )

    def _make_gear(self, name: str, threads: int) -> Gear:
        workplace = self._workplace(name, threads, self.listeners)
        return Gear(name, threads, make_engine(name, workplace, asgi=self.application.kind is Kind.ASGI))

    def _make_bare_engine(self) -> Any:
        """One without listeners."""
        return make_engine("epoll", self._workplace("epoll", 1, []))

    def _workplace(self, name: str, threads: int, listeners: list[Listener]) -> Workplace:
        settings = self.settings
        return Workplace(
            self._service(name),
            listeners,
            Timeouts(
                settings.timeout_keep_alive,
                settings.timeout_head,
                settings.timeout_body,
                settings.timeout_write,
            ),
            max_connections=settings.max_connections,
            max_requests=settings.max_requests,
            threads=threads,
            preload=settings.preload_threads,
            max_waiting=settings.max_waiting,
            queue_delay=settings.queue_delay,
        )

    def _service(self, name: str) -> Service:
        """What an engine of that name serves."""
        from gearshift.apps.native import NativeApplication
        from gearshift.apps.own import OwnAnswers
        from gearshift.exchange import Service
        from gearshift.http.limits import Limits
        from gearshift.kept import kept_between_engines

        settings = self.settings
        if not self._kept:
            self.own_answers = OwnAnswers()
            self._kept = kept_between_engines(settings, self._raw, self.error_log, lambda: self.gear.engine)
            self._http2 = self._kept[-1]
        return Service(
            self._adapter,
            NativeApplication(self.own_answers),
            Limits(
                settings.limit_head,
                settings.limit_fields,
                settings.limit_field,
                settings.limit_target,
                settings.limit_body,
            ),
            settings.limit_body_memory,
            self.error_log,
            self._access_log,
            name,
            frozenset(path.encode() for path in settings.health) or None,
            settings.server_timing,
            *self._kept,
        )

    # ---- run -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serves in the calling thread until drained or stopped."""
        if self.settings.monitor:
            from gearshift.observe.monitor import ThreadMonitor

            self._monitor = ThreadMonitor(self.settings.monitor, self.error_log)
            self._monitor.start()
        if self._secured is not None:
            self._secured.start()
        assert self._gearbox is not None
        signals = -1 if self._signal_ends is None else self._signal_ends[0].fileno()
        try:
            if self._raw is not None:
                self._raw.begin(self._gearbox)
            self._gearbox.run(self._is_ready, signals)
        except BaseException as error:  # told to whoever started the server; its thread has nobody else
            self.failure = error
            if self.ready.is_set() and current_thread() is not main_thread():
                self.error_log.exception("the server has ended by an error", error)
        finally:
            self.close()
            self.ready.set()

    def _is_ready(self) -> None:
        """The application has started, and requests are answered from now on."""
        self.observer.serving_begins()
        if self._announces:
            from gearshift.cli.banner import announce

            announce(self, "" if self._control is None else self._control.path)
            if "NOTIFY_SOCKET" in os.environ:
                from gearshift.systemd.notification import announce as tell_manager

                self._manager = tell_manager(self, self._adapter, os.environ)
        self.ready.set()

    def run_until_signal(self, announce: bool = False) -> int:
        """Serves until SIGTERM or SIGINT asks for the end; the exit code. `announce`: print what is served where."""
        in_main = current_thread() is main_thread()
        # Before the first connection can wait in an accept queue: a signal must not cut it off.
        previous = self._take_signals() if in_main else {}
        self._announces = announce
        try:
            self.open()
            if announce and not self.settings.control:
                self._open_usual_control()
            if self._signals:
                self.drain()
            self.run()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            for timer in self._forced_ends:
                timer.cancel()  # the program that called serve() goes on
            if self._signal_ends is not None:
                signal.set_wakeup_fd(self._wakeup_before, warn_on_full_buffer=False)
                for end in self._signal_ends:
                    end.close()
        if self.failure is not None:
            raise self.failure
        return FORCED_EXIT if self._signals > 1 else 0

    def _take_signals(self) -> dict[int, Any]:
        """Installs the handlers; returns those that were there. A byte comes on a socket with each signal: one that
        arrives just before a wait must end it too.
        """
        self._signal_ends = socketpair()
        for end in self._signal_ends:
            end.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._signal_ends[1].fileno(), warn_on_full_buffer=False)
        handlers = {
            signal.SIGTERM: self._on_signal,
            signal.SIGINT: self._on_signal,
            signal.SIGUSR1: self._reopen_logs,
        }
        return {number: signal.signal(number, handler) for number, handler in handlers.items()}

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first signal drains, the second ends."""
        self._signals += 1
        name = signal.Signals(number).name
        if self._signals == 1:
            if self._manager is not None:
                self._manager.stopping(f"{name}: draining")
            if self.settings.drain_delay and number == signal.SIGTERM and self._gearbox is not None:
                from gearshift.leaving import leave

                self._forced_ends.append(leave(self, self._gearbox, name, http_alone=self._raw is None))
            else:
                self.begin_drain(name)
        else:
            self.error_log.warning(f"{name} again: ending at once")
            if self._gearbox is not None:
                self._gearbox.stop()
            self._end_by_force_after(LAST_MOMENT)

    def begin_drain(self, why: str) -> None:
        seconds = self.settings.timeout_drain
        self.error_log.info(f"{why}: draining, for at most {seconds:g} s; again to end at once")
        self.drain()
        self._end_by_force_after(seconds + LAST_MOMENT)

    def _end_by_force_after(self, seconds: float) -> None:
        """For a handler that never returns: it may hold the only thread there is."""
        timer = Timer(seconds, self._end_by_force)
        timer.daemon = True
        timer.start()
        self._forced_ends.append(timer)

    def _end_by_force(self) -> None:
        self.error_log.error("a handler does not return; the process is ended without it")
        for listener in self.listeners:
            listener.close()
        if self._control is not None:
            self._control.close()
        if self.status_page is not None:
            self.status_page.abandon()
        if self._access_log is not None:
            self._access_log.flush()
        os._exit(FORCED_EXIT)

    def _reopen_logs(self, number: int, frame: FrameType | None) -> None:
        """SIGUSR1 after a log was rotated."""
        self.error_log.reopen()
        if self._access_log is not None:
            self._access_log.reopen()

    def drain(self) -> None:
        if self._gearbox is not None:
            self._gearbox.drain(self.settings.timeout_drain)

    # ---- asked and told while it runs ------------------------------------------------------------------

    @property
    def places(self) -> list[Any]:
        """Listeners, and sockets of datagrams."""
        return [*self.listeners, *(() if self._raw is None else self._raw.endpoints)]

    @property
    def gear(self) -> Gear:
        assert self._gearbox is not None
        return self._gearbox.gear

    @property
    def observer(self) -> Observer:
        assert self._observer is not None
        return self._observer

    def shift(self, engine: str, threads: int | None = None) -> tuple[str, int]:
        """As Server.shift(); the former engine's name too."""
        assert self._gearbox is not None
        wanted = Settings.of(engine=engine, threads=self.gear.threads if threads is None else threads)
        if wanted.engine == "uring":
            from gearshift.engines.ring import refusal

            reason = refusal()
            if reason:
                raise ShiftError(f"the engine uring can't be had: {reason}")
        former, left = self._gearbox.shift(wanted.engine, wanted.threads)
        self.error_log.info(f"shifted from {former} to {wanted.engine}")
        return former, left

    def status(self) -> dict[str, Any]:
        return self.observer.status()

    def _open_to_those_who_ask(self) -> None:
        """The control socket and the status page, where the settings have them."""
        if self.settings.control:
            self._open_control(self.settings.control)
        if self.settings.status:
            from gearshift.observe.page.server import StatusServer

            self.status_page = StatusServer(self.settings, self.observer, self.error_log)

    def _open_control(self, path: str) -> None:
        from gearshift.control.commands import commands_of
        from gearshift.control.server import ControlSocket

        self._control = ControlSocket(path, commands_of(self), self.error_log.exception)

    def _open_usual_control(self) -> None:
        """A server that can't have one serves all the same, and says so."""
        from gearshift.control.paths import ControlError, make_folder, path_for

        try:
            make_folder()
            self._open_control(path_for(os.getpid()))
        except ControlError as error:
            self.error_log.warning(f"no control socket: {error}")

    def _own_descriptors(self) -> OwnDescriptors:
        from gearshift.observe.own_descriptors import own_descriptors

        endpoints = () if self._raw is None else self._raw.endpoints
        held = (self.error_log, self._access_log, *(self._signal_ends or ()), *endpoints)
        heard = (self._control, self.status_page)
        return own_descriptors(self._gearbox, held, heard, self.application, self._http2)

    def close(self) -> None:
        """Lets go of listeners, logs and the engine's descriptors. May be called again."""
        for listener in self.listeners:
            listener.close()
        if self._raw is not None:
            self._raw.close()
        if self._secured is not None:
            self._secured.stop()
        if self._monitor is not None:
            self._monitor.stop()
            self._monitor = None
        if self._control is not None:
            self._control.close()
        if self._observer is not None:
            self._observer.close()
        if self._access_log is not None:
            self._access_log.close()
        if self.status_page is not None:
            self.status_page.close()
        if self._gearbox is not None:
            self._gearbox.close()
        if self._http2 is not None:
            self._http2.gateway.close()
        self.error_log.close()
