"""Tells which request holds up the asyncio loop, for how long, and where it stands."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.apps.asgi.application import AsgiApplication
    from gearshift.observe.error_log import ErrorLog

EVERY = 10.0  # seconds in which one request path is told once
MOST_PATHS = 256  # that are remembered for that


class HeldLoop:
    """The reporter of an engine whose loop runs in the thread that makes this."""

    def __init__(
        self,
        application: AsgiApplication,
        error_log: ErrorLog,
        loop: asyncio.AbstractEventLoop,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._application = application
        self._error_log = error_log
        self._loop = loop
        self._now = now
        self._thread = threading.get_ident()
        self._stack = ""
        self._request = ""
        self._told: dict[str, float] = {}
        self._untold = 0

    def held_up(self, request: str | None) -> None:
        """In the watching thread, while it happens. request: what is known to run, as "GET /path"."""
        self._request = request or self._request_of_task()
        self._stack = "".join(self._application_frames())

    def let_go(self, seconds: float) -> None:
        """The loop goes on; it was held up for so long."""
        now = self._now()
        path = self._request.partition("?")[0]
        if now - self._told.get(path, -EVERY) < EVERY:
            self._untold += 1
            return
        if len(self._told) >= MOST_PATHS:
            self._told.clear()
        self._told[path] = now
        more = f" ({self._untold} more like it were not told)" if self._untold else ""
        self._untold = 0
        self._error_log.warning(
            f"{self._request} held up the event loop, and so every other request, for {seconds * 1000:.0f} ms{more};"
            " it stood here",
            self._stack,
        )

    def _request_of_task(self) -> str:
        task = asyncio.current_task(self._loop)
        return self._application.request_of(task) or (f"the task {task.get_name()}" if task else "a callback")

    def _application_frames(self) -> list[str]:
        """The stack without the server's and asyncio's own frames below the application's."""
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            return []
        frames = traceback.extract_stack(frame)
        own = (asyncio.__path__[0], __file__.rpartition("/apps/")[0])
        first = 0
        for index, summary in enumerate(frames):
            if summary.filename.startswith(own):
                first = index + 1
        return traceback.format_list(frames[first:] or frames)
