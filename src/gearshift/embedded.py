"""The server from Python: in a thread of its own, or in the calling one."""

from __future__ import annotations

from threading import Thread

from gearshift.errors import ServerStateError
from gearshift.server import LAST_MOMENT, Serving
from gearshift.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self


class Server:
    """Serves an application from a thread of its own: for tests, notebooks and programs.

    app: a WSGI or ASGI callable, "module:attribute", a folder, or None for the built-in page. settings: as the
    command line has them, with underscores (`engine="pool"`, `threads=8`, `bind="127.0.0.1:0"`).
    Raises SettingError for a wrong setting, ListenError where an address can't be had.
    """

    def __init__(self, app: object = None, **settings: object) -> None:
        self._serving = Serving(Settings.of(**settings, app=app if isinstance(app, str) else ""), app)
        self._thread: Thread | None = None
        self._started = False

    @property
    def url(self) -> str:
        """Where the first listener is reached, with the port the kernel chose for port 0.

        Raises ServerStateError before start().
        """
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        """Where each listener is reached."""
        if not self._serving.places:
            raise ServerStateError("a Server has addresses once it is started")
        return [place.url for place in self._serving.places]

    @property
    def status_url(self) -> str:
        """Where the status page is; "" where the setting `status` has not asked for one."""
        page = self._serving.status_page
        return "" if page is None else str(page.url)

    def start(self) -> None:
        """Returns once connections are accepted and an ASGI application has started up.

        Raises what kept it from starting, ServerStateError on a second call.
        """
        serving = self._serving
        if self._started:
            raise ServerStateError("a Server is started once; make another one")
        self._started = True
        serving.open()
        self._thread = Thread(target=serving.run, name="gearshift", daemon=True)
        self._thread.start()
        serving.ready.wait()
        if serving.failure is not None:
            self._thread.join()
            self._thread = None
            raise serving.failure

    def stop(self) -> None:
        """Drains within `timeout_drain` seconds; returns when everything is closed. May be called again."""
        if self._thread is None:
            return
        self._serving.drain()
        self._thread.join(self._serving.settings.timeout_drain + LAST_MOMENT)
        if self._thread.is_alive():
            self._serving.error_log.error("a handler does not return; its thread is left behind")
        self._thread = None
        self._serving.close()

    def shift(self, engine: str, threads: int | None = None) -> int:
        """Serves with that engine (and so many threads; as many as before by default) from now on, without losing a
        connection. Returns how many connections the former engine still has after a moment: they follow as soon as
        they are answered. Raises SettingError, or ShiftError where it can't be.
        """
        return self._serving.shift(engine, threads)[1]

    def status(self) -> dict[str, Any]:
        """What serves, and what it has done: as `gearshift status --json` prints it."""
        return self._serving.status()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(app: object = None, **settings: object) -> None:
    """Serves in the calling thread until SIGINT or SIGTERM, or for good. Parameters and errors as Server."""
    Serving(Settings.of(**settings, app=app if isinstance(app, str) else ""), app).run_until_signal()
