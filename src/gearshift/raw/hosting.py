"""What a server with raw handlers has more than another: their listeners, and where asynchronous ones run."""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Thread

from gearshift.apps.loader import Application, Kind
from gearshift.errors import SettingError
from gearshift.listeners import AddressKind, access_of, open_listener, parse
from gearshift.raw.loading import load_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from gearshift.conversation import RawApplication
    from gearshift.gearbox import Gearbox
    from gearshift.listeners import Listener
    from gearshift.observe.error_log import ErrorLog
    from gearshift.raw.endpoint import Endpoint
    from gearshift.settings import Settings

LAST_WORDS = 5.0  # seconds that handlers' tasks have after the last connection
LAST_MOMENT = 1.0  # seconds that handlers' tasks have to end once they are cancelled


class RawHandlers:
    """The raw handlers of one server. Parameters: see raw_handlers()."""

    def __init__(self, settings: Settings, error_log: ErrorLog, alone: bool) -> None:
        self.alone = alone
        self._settings = settings
        self._error_log = error_log
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self.tcp: RawApplication | None = None
        if settings.tcp:
            from gearshift.raw.stream import StreamApplication

            found = load_handler(settings.tcp, "--tcp")
            self.tcp = StreamApplication(
                found.factory, found.name, found.asynchronous, error_log, settings.tcp_unsent
            )
        self.udp: RawApplication | None = None
        if settings.udp:
            from gearshift.raw.datagram import DatagramApplication

            found = load_handler(settings.udp, "--udp")
            self.udp = DatagramApplication(found.factory, found.name, found.asynchronous, error_log)
        self.served = [application for application in (self.tcp, self.udp) if application is not None]
        self.endpoints: list[Endpoint] = []
        self._tcp_addresses = self._addresses("tcp")
        self._udp_addresses = self._addresses("udp")

    @property
    def application(self) -> Application | None:
        """In the place of one that speaks HTTP; None beside one."""
        if not self.alone:
            return None
        names = [f"{'UDP' if each.datagrams else 'TCP'} handler {each.name}" for each in self.served]
        return Application(Kind.RAW, self.served[0], "the " + " and the ".join(names))

    def _addresses(self, protocol: str) -> tuple[str, ...]:
        """Where that handler is reached: `--bind` is an application's, if there is one."""
        handler = getattr(self._settings, protocol)
        own: tuple[str, ...] = getattr(self._settings, f"{protocol}_bind")
        if not handler:
            if own:
                raise SettingError(f"--{protocol}-bind: found {own[0]}, expected it only with --{protocol}")
            return ()
        if own:
            return own
        if not self.alone:
            raise SettingError(
                f"--{protocol}: found no --{protocol}-bind, expected it beside an application, which has --bind"
            )
        return self._settings.bind

    def open(self, listeners: list[Listener]) -> None:
        """Listens; the new listeners are added to those. Raises ListenError."""
        for text in self._tcp_addresses:
            listener = open_listener(parse(text), self._settings.backlog, access_of(self._settings))
            listener.handler = self.tcp
            listeners.append(listener)
        for text in self._udp_addresses:
            from gearshift.raw.endpoint import open_endpoint

            assert self.udp is not None
            address = parse(text)
            if address.kind is not AddressKind.TCP:
                raise SettingError(
                    f"--udp: found {text!r} in --bind, expected HOST:PORT there or in --udp-bind"
                )
            self.endpoints.append(open_endpoint(address, self.udp))

    def begin(self, gearbox: Gearbox) -> None:
        """Before the engine begins: an asyncio loop for those that need one, the ASGI application's if there is one."""
        companions: list[Any] | None = getattr(gearbox, "companions", None)
        if companions is not None:
            companions.append(self._attach)
        elif any(application.asynchronous for application in self.served):
            self._run_loop()
        self._give_endpoints(gearbox.gear.engine)

    def _give_endpoints(self, engine: Any) -> None:
        """An engine takes a socket of datagrams as it takes a connection that another engine gives away."""
        from gearshift.channel import Driver
        from gearshift.connection import Connection

        for endpoint in self.endpoints:
            connection = Connection(os.dup(endpoint.fd), engine.service, Driver(), endpoint)
            endpoint.conversation = connection.conversation  # type: ignore[assignment]  # as its application makes it
            engine.take(connection)

    def _attach(self, loop: asyncio.AbstractEventLoop) -> None:
        for application in self.served:
            application.attach(loop)

    def _run_loop(self) -> None:
        import asyncio

        self._loop = loop = asyncio.new_event_loop()
        self._attach(loop)
        self._thread = Thread(target=self._serve_loop, args=(loop,), name="handlers", daemon=True)
        self._thread.start()

    def _serve_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        from gearshift.apps.asgi.hosting import close_loop, run_loop

        try:
            run_loop(loop, self._error_log)
        finally:
            close_loop(loop)

    def close(self) -> None:
        """Lets go of the sockets and ends the loop. May be called again."""
        for endpoint in self.endpoints:
            endpoint.close()
        if self._loop is not None and self._thread is not None:
            import asyncio

            from gearshift.raw.asynchronous import last_words

            patience = min(self._settings.timeout_drain, LAST_WORDS)
            ended = asyncio.run_coroutine_threadsafe(last_words(self.served, patience), self._loop)
            with suppress(TimeoutError):  # a handler holds the loop up: its thread ends with the process
                ended.result(patience + LAST_MOMENT)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LAST_MOMENT)
            self._loop = self._thread = None
