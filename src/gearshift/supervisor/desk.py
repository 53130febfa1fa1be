"""What runs at the desk: the control socket and the status page of all workers together.

It asks each worker over a socket of that worker's own. A worker that does not answer is left out, and said so.
"""

from __future__ import annotations

import os
import select
import signal
from threading import Event, Lock, Thread
from time import monotonic, sleep

from gearshift.control.client import ask
from gearshift.control.paths import ControlError
from gearshift.control.server import ControlSocket
from gearshift.errors import WrongValueError
from gearshift.gearbox import ShiftError
from gearshift.observe.observer import NoSuchConnectionError
from gearshift.settings.declaration import described
from gearshift.supervisor.merging import added, merged, own_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from gearshift.observe.error_log import ErrorLog
    from gearshift.settings import Settings
    from gearshift.supervisor.line import Line

MOMENT = 2.0  # seconds
BETWEEN_TRIES = 0.02  # seconds
SERVING = ("serving", "retiring", "draining")


class Staff:
    """The workers as the supervisor last told of them. From any thread."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {
            "workers": [],
            "former": {},
            "crashed": [],
            "crashes": 0,
            "reloads": 0,
        }
        self._somebody_serves = Event()

    def tell(self, told: dict[str, Any]) -> None:
        """What the supervisor says of them now."""
        self.told = told
        if self.asked("serving"):
            self._somebody_serves.set()
        else:
            self._somebody_serves.clear()

    def wait(self) -> None:
        """A moment, where none serves that we know of: the supervisor may be about to tell."""
        self._somebody_serves.wait(MOMENT)

    def asked(self, *states: str) -> list[dict[str, Any]]:
        """Those in one of these states."""
        return [worker for worker in self.told["workers"] if worker["state"] in states]

    def ask_all(
        self, workers: list[dict[str, Any]], command: str, **values: object
    ) -> list[tuple[dict[str, Any], dict[str, Any] | None, str]]:
        """Each worker, with its reply, or with None and why there is none. All are asked at the same time."""
        replies: list[tuple[dict[str, Any], dict[str, Any] | None, str]] = [(w, None, "") for w in workers]

        def one(index: int, worker: dict[str, Any]) -> None:
            try:
                replies[index] = (worker, ask(worker["path"], command, **values), "")
            except ControlError as error:
                replies[index] = (worker, None, str(error))

        threads = [Thread(target=one, args=pair, name="asking") for pair in enumerate(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return replies


class CountMemory:
    """What workers had counted that can't be asked any more, so that no count of all together ever falls. Those that
    leave in good order tell the supervisor; of the others it is what they had at the last look.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: dict[int, Mapping[str, int]] = {}
        self._lost: dict[str, int] = {}

    def counts(
        self,
        found: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
        silent: Sequence[int],
        told: Mapping[str, Any],
    ) -> dict[str, int]:
        """Beside those of the workers that were found. silent: processes that are there and did not answer. told: what
        the supervisor tells of those that have gone (`former`, and `crashed`: processes that could not tell).
        """
        with self._lock:
            for pid in told["crashed"]:
                self._lost = added([self._lost, self._last.pop(pid, {})])
            self._last.update((worker["pid"], status["counts"]) for worker, status in found)
            known = {worker["pid"] for worker in told["workers"]}
            self._last = {pid: counts for pid, counts in self._last.items() if pid in known}
            return added([told["former"], self._lost, *(self._last.get(pid, {}) for pid in silent)])


class StaffObserver:
    """As the Observer of a server that is one process, for all workers together: what control socket, status page and
    metrics ask.
    """

    def __init__(self, staff: Staff, line: Line, own_queues: bool) -> None:
        self._staff = staff
        self._own_queues = own_queues  # each worker has, with --listener-per-worker
        self._line = line
        self._lock = Lock()  # of those who shift
        self._began = monotonic()
        self._memory = CountMemory()

    def status(self) -> dict[str, Any]:
        """As docs/status-schema.md has it."""
        self._staff.wait()
        ends = monotonic() + MOMENT
        while True:
            told = self._staff.told
            replies = self._staff.ask_all(self._staff.asked(*SERVING), "status")
            found = [(worker, reply) for worker, reply, _ in replies if reply is not None]
            if found:
                break
            # Those that we know of may have just left, and the supervisor be about to tell of others.
            if monotonic() > ends:
                raise ControlError("no worker answers just now; one may be starting")
            sleep(BETWEEN_TRIES)
        silent = [worker["pid"] for worker, reply, _ in replies if reply is None]
        counts = self._memory.counts(found, silent, told)
        return merged(os.getppid(), found, {**told, "former": counts}, monotonic() - self._began)

    def history(self, since: object = 0.0) -> dict[str, Any]:
        """`history` of docs/status-schema.md, of the workers that serve: what ended after `since`, in Unix time. Raises
        WrongValueError.
        """
        from gearshift.supervisor.past import AHEAD, together

        if not isinstance(since, int | float):
            raise WrongValueError("since", described(since), "seconds since 1970")
        replies = self._staff.ask_all(self._staff.asked("serving"), "history", since=since - AHEAD)
        found = {worker["pid"]: reply for worker, reply, _ in replies if reply is not None}
        return together(found, since, self._own_queues)

    def close_connection(self, number: int) -> None:
        """Raises NoSuchConnectionError."""
        pid, number = own_number(number)
        for worker, reply, why in self._staff.ask_all(
            [worker for worker in self._staff.asked(*SERVING) if worker["pid"] == pid], "close", number=number
        ):
            if reply is None:
                raise NoSuchConnectionError(f"worker {worker['pid']}: {why}")
            return
        raise NoSuchConnectionError(f"found no worker {pid}, expected one of those in status")

    def stacks(self) -> list[dict[str, Any]]:
        """Of the threads of all workers, each with its `worker`."""
        return [
            {"worker": worker["pid"], **thread}
            for worker, reply, _ in self._staff.ask_all(self._staff.asked(*SERVING), "stacks")
            if reply is not None
            for thread in reply["threads"]
        ]

    def shift(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """All workers; those that start later serve with that engine too. Raises ShiftError where not all did."""
        values = {"engine": request.get("engine", ""), "threads": request.get("threads")}
        self._staff.wait()
        with self._lock:
            replies = self._staff.ask_all(self._staff.asked("serving"), "shift", **values)
            done = [reply for _, reply, _ in replies if reply is not None]
            failed = [f"{worker['pid']} ({why})" for worker, reply, why in replies if reply is None]
            if failed:
                raise ShiftError(
                    f"{len(done)} of {len(replies)} workers have shifted, these have not: {', '.join(failed)}"
                )
            if not done:
                raise ShiftError("no worker serves just now")
            first = done[0]
            self._line.send(**{"is": "shifted"}, engine=first["engine"], threads=first["threads"])
        return {**first, "connections_left": sum(reply["connections_left"] for reply in done)}


class Desk:
    """Of one supervisor. path: of its control socket. usual: nobody has asked for that path.

    Raises ControlError, SettingError, ListenError where control socket or status page can't be had.
    """

    def __init__(self, settings: Settings, line: Line, path: str, usual: bool, error_log: ErrorLog) -> None:
        self._line = line
        self._error_log = error_log
        self._staff = Staff()
        self._observer = StaffObserver(self._staff, line, settings.listener_per_worker)
        self._control: ControlSocket | None = None
        self._page: Any = None
        try:
            self._control = ControlSocket(path, self._commands(), error_log.exception)
        except ControlError as error:
            if not usual:
                raise
            error_log.warning(f"no control socket: {error}")
        if settings.status:
            from gearshift.observe.page.server import StatusServer

            self._page = StatusServer(settings, self._observer, error_log)

    def serve(self) -> int:
        """Until the supervisor closes its end of the line, or is gone; the exit code."""
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self._line.send(
            **{"is": "open"},
            control="" if self._control is None else self._control.path,
            page="" if self._page is None else self._page.url,
        )
        poller = select.poll()
        poller.register(self._line.fileno(), select.POLLIN)
        while True:
            poller.poll()
            message = self._line.receive()
            if message is None:
                break
            if message.get("is") == "staff":
                self._staff.tell(message)
            elif message.get("is") == "reopen":
                self._error_log.reopen()
        if self._page is not None:
            self._page.close()
        if self._control is not None:
            self._control.close()
        return 0

    def _commands(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        observer = self._observer

        def close(request: dict[str, Any]) -> dict[str, Any]:
            observer.close_connection(request.get("number", 0))
            return {}

        return {
            "status": lambda request: observer.status(),
            "shift": observer.shift,
            "close": close,
            "stacks": lambda request: {"threads": observer.stacks()},
            "history": lambda request: observer.history(request.get("since", 0.0)),
        }
