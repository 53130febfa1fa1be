"""`--monitor SECONDS`: the names and states of all threads, written to the error log again and again."""

from __future__ import annotations

from threading import Event, Thread

from gearshift.observe.threads import thread_states

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.observe.error_log import ErrorLog
    from gearshift.observe.threads import ThreadState


class ThreadMonitor:
    """A daemon thread that writes one line per thread every `interval` seconds, itself included.

    pause: waits that many seconds and says whether to stop. look: gives the threads.
    """

    def __init__(
        self,
        interval: float,
        error_log: ErrorLog,
        pause: Callable[[float], bool] | None = None,
        look: Callable[[], list[ThreadState]] = thread_states,
    ) -> None:
        self._interval = interval
        self._error_log = error_log
        self._stopped = Event()
        self._pause = pause or self._stopped.wait
        self._look = look
        self._thread = Thread(target=self._run, name="monitor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for it."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._pause(self._interval):
            for state in self._look():
                self._error_log.info(str(state))
