"""The sampler's thread, and the dear looks that it shares with whoever asks for the status."""

from __future__ import annotations

from errno import EMFILE, ENFILE
from threading import Event, Lock, Thread

from gearshift.errors import WrongValueError
from gearshift.settings.declaration import described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from gearshift.gearbox import Gearbox
    from gearshift.listeners import Listener
    from gearshift.observe.descriptor_use import DescriptorUse
    from gearshift.observe.error_log import ErrorLog
    from gearshift.observe.own_descriptors import OwnDescriptors
    from gearshift.observe.sampler import Sampler
    from gearshift.observe.seldom import Seldom

FIRST_LOOK = 1.0  # seconds after the start, which has better things to do than to import the sampler


class Sampling:
    """Of one server. own_descriptors: what it has open beside listeners and connections."""

    def __init__(
        self,
        gearbox: Gearbox,
        listeners: Sequence[Listener],
        own_descriptors: Callable[[], OwnDescriptors],
        error_log: ErrorLog,
    ) -> None:
        self._gearbox = gearbox
        self._listeners = listeners
        self._own_descriptors = own_descriptors
        self._error_log = error_log
        self._making = Lock()
        self._descriptor_use: DescriptorUse | None = None
        self._half_open: Seldom[dict[int, int | None]] | None = None
        self._stopped = Event()
        self._thread: Thread | None = None
        self._sampler: Sampler | None = None

    def start(self, began: float) -> None:
        """began: when requests were first answered, by time.monotonic()."""
        self._thread = Thread(target=self._run, args=(began,), name="sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for it. May be called again."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def history(self, since: object = 0.0) -> dict[str, Any]:
        """`history` of docs/status-schema.md: the samples of the last hour that ended after `since`, in Unix time.
        Raises WrongValueError.
        """
        if not isinstance(since, int | float):  # who asks may be anybody
            raise WrongValueError("since", described(since), "seconds since 1970")
        return {"seconds": [], "gaps": []} if self._sampler is None else self._sampler.history(since)

    def accept_wait(self) -> float | None:
        """As Sampler.accept_wait(); None until the sampler looks."""
        return None if self._sampler is None else self._sampler.accept_wait()

    @property
    def descriptor_use(self) -> DescriptorUse:
        from gearshift.observe.descriptor_use import DescriptorUse

        with self._making:
            if self._descriptor_use is None:
                self._descriptor_use = DescriptorUse(self._listeners, self._own_descriptors, self._error_log)
            return self._descriptor_use

    @property
    def half_open(self) -> Seldom[dict[int, int | None]]:
        """The SYN queues by the listeners' descriptors, looked at once a second at most."""
        from gearshift.kernel.syn_queue import syn_queues
        from gearshift.observe.seldom import Seldom

        with self._making:
            if self._half_open is None:
                self._half_open = Seldom(
                    lambda: syn_queues([listener.fd for listener in self._listeners]), least=1.0
                )
            return self._half_open

    def _run(self, began: float) -> None:
        if self._stopped.wait(FIRST_LOOK):
            return
        while not self._stopped.is_set():
            try:
                if self._sampler is None:
                    self._sampler = self._make(began)
                self._sampler.run(self._stopped.wait)
            except Exception as error:
                if not isinstance(error, OSError) or error.errno not in (EMFILE, ENFILE):
                    self._error_log.exception("the sampler has ended: there is no history from now on", error)
                    return
                self._stopped.wait(FIRST_LOOK)  # not even a source can be opened: the gap will be told

    def _make(self, began: float) -> Sampler:
        from gearshift.observe.drop_watch import DropWatch
        from gearshift.observe.readings import Readings
        from gearshift.observe.sampler import Sampler

        readings = Readings(self._gearbox, self._listeners, self.half_open)
        drops = DropWatch(self._listeners, self._error_log)
        return Sampler(readings, drops, self.descriptor_use, began)
