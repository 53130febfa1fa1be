"""The lifespan protocol: an ASGI application starts up before the first connection and shuts down after the last.

An application that raises instead of answering has no lifespan, as the specification says, and is served without;
where it had asked for the first message before, that may be a mistake, and is told.
"""

from __future__ import annotations

import asyncio
from typing import Any

from gearshift.errors import GearshiftError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.apps.asgi.application import AsgiApplication
    from gearshift.observe.error_log import ErrorLog

LAST_MOMENT = 1.0  # seconds that an application has to return after its last message


class StartupFailedError(GearshiftError):
    """The application said that it can't start; the text is its own."""


class Lifespan:
    """One application's lifespan, spoken from its loop's thread."""

    def __init__(self, application: AsgiApplication, error_log: ErrorLog) -> None:
        self._application = application
        self._error_log = error_log
        self._to_application: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._started = asyncio.Event()
        self._stopped = asyncio.Event()
        self._asked = False
        self._misspoke = False
        self._supported = True
        self._failure = ""
        self._state: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Returns when the application is ready. An application without lifespan is ready at once.

        Raises StartupFailedError with the application's reason.
        """
        self._task = asyncio.create_task(self._run(), name="lifespan")
        await self._to_application.put({"type": "lifespan.startup"})
        try:
            await self._started.wait()
        except asyncio.CancelledError:  # a signal came before the application was ready
            if not self._started.is_set():
                await self._leave()
            raise
        if self._failure:
            await self._leave()
            raise StartupFailedError(f"the application's startup failed: {self._failure}")
        if self._supported:
            self._application.share(self._state)

    async def shutdown(self) -> None:
        """Returns when the application has shut down."""
        if self._task is None or self._task.done() or not self._supported or not self._started.is_set():
            return
        await self._to_application.put({"type": "lifespan.shutdown"})
        await self._stopped.wait()
        await self._leave()
        if self._failure:
            self._error_log.error(f"the application's shutdown failed: {self._failure}")

    async def _leave(self) -> None:
        """The last message was spoken: an application that still does not return is cancelled."""
        assert self._task is not None
        _, pending = await asyncio.wait(
            [self._task], timeout=0 if not self._started.is_set() else LAST_MOMENT
        )
        if pending:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=LAST_MOMENT)

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self._state,
        }
        try:
            await self._application.callable(scope, self._receive, self._send)
        except Exception as error:
            if self._failure:
                pass  # what it raises after saying that it failed has been told
            elif self._started.is_set():
                self._error_log.exception("error in the application's lifespan", error)
            elif self._asked and not self._misspoke and not isinstance(error, NotImplementedError):
                self._error_log.exception(
                    "the application raised at lifespan startup; going on without", error
                )
        except (SystemExit, KeyboardInterrupt) as error:
            # asyncio lets these out of the task and out of the loop, which some engines would end with.
            if self._started.is_set():
                self._error_log.exception("error in the application's lifespan", error)
            else:
                self._failure = f"{type(error).__name__}: {error}"
        finally:
            self._supported = self._supported and self._started.is_set()
            self._started.set()
            self._stopped.set()

    async def _receive(self) -> dict[str, str]:
        self._asked = True
        return await self._to_application.get()

    async def _send(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind in ("lifespan.startup.failed", "lifespan.shutdown.failed"):
            self._failure = message.get("message", "") or "it gave no reason"
        elif kind not in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
            self._misspoke = True  # an application for HTTP alone, which looks at no scope
            raise RuntimeError(f"{kind!r} is no message of the lifespan protocol")
        (self._started if kind.startswith("lifespan.startup") else self._stopped).set()
