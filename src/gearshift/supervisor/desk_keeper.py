"""The supervisor's side of the desk: the process where all workers together are asked and told, by the control socket
and the status page. It has threads, which the supervisor must not have.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from time import monotonic

from gearshift.control.paths import ControlError, folder, make_folder, path_for
from gearshift.errors import GearshiftError
from gearshift.supervisor.forking import ending_in_words, fork
from gearshift.supervisor.line import Line, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.settings import Settings
    from gearshift.supervisor.supervisor import Supervisor

REST = 1.0  # seconds until another desk is opened where one has crashed
MOST_TOLD = 64  # of workers that have crashed, the last ones
PATIENCE = 3.0  # seconds that one has to close
OF_THE_DESK = ("control", "status", "status_token", "slow_request")  # settings that it is made with


class DeskKeeper:
    """Of one supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._settings: Settings | None = None
        self._line: Line | None = None
        self._pid = 0
        self._opens_at: float | None = None
        self._changed = False
        self._former: dict[str, int] = {}  # counts of workers that have gone
        self._counted: set[int] = set()  # those that have told them and are about to end
        self._crashed: deque[int] = deque(maxlen=MOST_TOLD)  # those that could not
        self.application: dict[str, Any] = {"application": "", "engine": "", "kind": ""}
        self.is_open = False
        self.control = ""
        self.page = ""
        self._owner = os.getpid()
        self._workers_folder = ""
        with suppress(ControlError):  # the desk says so
            make_folder()
            self._workers_folder = folder()

    def path_for_worker(self, pid: int) -> str:
        """Where the desk asks that worker; "" where no socket can be had."""
        if not self._workers_folder:
            return ""
        return f"{self._workers_folder}/{self._owner}-{pid}.worker"

    # ---- open, closed, opened again ------------------------------------------------------------------------

    def open(self, settings: Settings) -> None:
        """Forks it."""
        ours, theirs = line()
        self._settings, self._opens_at = settings, None
        self._line = ours
        self._pid = fork(lambda: self._be_desk(settings, theirs))
        theirs.close()
        self._changed = True
        self._supervisor.hear(ours.fileno(), self._speaks)

    def _be_desk(self, settings: Settings, theirs: Line) -> int:
        """In the child."""
        usual = not settings.control
        path = settings.control or path_for(os.getppid())
        self._supervisor.leave_behind()
        self._supervisor.listening.give_up_files()
        self._supervisor.listening.close()
        self._supervisor.transit.close()
        from gearshift.supervisor.desk import Desk

        try:
            return Desk(settings, theirs, path, usual, self._supervisor.error_log).serve()
        except GearshiftError as error:
            theirs.send(**{"is": "failed"}, error=str(error), exit=error.exit_code)
            raise

    def renew(self, settings: Settings) -> None:
        """After a reload: another desk where it would be another one."""
        before = self._settings
        if before is None or any(getattr(before, name) != getattr(settings, name) for name in OF_THE_DESK):
            self.close()
            self.open(settings)

    def close(self) -> None:
        """Returns when it has ended. May be called again."""
        self._opens_at = None
        self._drop_line()
        if self._pid:
            pid, self._pid = self._pid, 0
            self._await_end(pid)

    def _await_end(self, pid: int) -> None:
        import select
        import signal

        descriptor = os.pidfd_open(pid)
        try:
            poller = select.poll()
            poller.register(descriptor, select.POLLIN)
            if not poller.poll(PATIENCE * 1000):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        finally:
            os.close(descriptor)

    def leave_behind(self) -> None:
        """In another child."""
        if self._line is not None:
            self._line.close()

    def is_gone(self, pid: int, status: int) -> None:
        """A child has ended that is no worker."""
        if pid != self._pid:
            return
        self._speaks()
        self._pid = 0
        self._drop_line()
        if self._supervisor.staff.ending:
            return
        how = ending_in_words(status)
        self._supervisor.error_log.error(
            f"the process that answers for all workers ended ({how}); another is started"
        )
        self._opens_at = monotonic() + REST

    def due(self) -> float | None:
        """When keep() has something to do; None: not by itself."""
        return self._opens_at

    def keep(self) -> None:
        """Opens another one where that is due, and tells it of the staff where that has changed."""
        if self._opens_at is not None and monotonic() >= self._opens_at and self._settings is not None:
            self.open(self._settings)
        if self._changed and self._line is not None:
            self._changed = False
            self._line.send(
                **{"is": "staff"},
                workers=[
                    {
                        "pid": member.pid,
                        "place": member.place,
                        "generation": member.generation,
                        "state": member.state.value,
                        "since": member.since,
                        "path": self.path_for_worker(member.pid),
                    }
                    for member in self._supervisor.staff.members
                ],
                former=self._former,
                crashed=list(self._crashed),
                crashes=self._supervisor.crashes,
                reloads=self._supervisor.reloads,
            )

    def _drop_line(self) -> None:
        if self._line is not None:
            self._supervisor.forget(self._line.fileno())
            self._line.close()
            self._line = None

    # ---- what it says ----------------------------------------------------------------------------------------

    def _speaks(self) -> None:
        while self._line is not None:
            message = self._line.receive()
            if message is None:
                self._supervisor.forget(self._line.fileno())
            if not message:
                return
            self._take_in(message)

    def _take_in(self, message: dict[str, Any]) -> None:
        kind = message.get("is")
        if kind == "open":
            self.is_open = True
            self.control, self.page = message["control"], message["page"]
        elif kind == "shifted":
            self._supervisor.shifted = {"engine": message["engine"], "threads": message["threads"]}
        elif kind == "failed":
            self._pid, pid = 0, self._pid
            self._drop_line()
            self._await_end(pid)
            error = GearshiftError(message["error"])
            error.exit_code = message["exit"]
            if self.is_open:
                self._supervisor.error_log.error(f"nobody answers for the workers: {error}")
            else:
                self._supervisor.fail(error)

    # ---- what it is told -------------------------------------------------------------------------------------

    def staff_has_changed(self) -> None:
        """Before the next wait it is told."""
        self._changed = True

    def has_counted(self, pid: int, counts: dict[str, int]) -> None:
        """What a worker that leaves has done."""
        self._counted.add(pid)
        for name, count in counts.items():
            self._former[name] = self._former.get(name, 0) + count

    def worker_is_gone(self, pid: int) -> None:
        self._changed = True
        if pid in self._counted:
            self._counted.remove(pid)
        else:
            self._crashed.append(pid)
        path = self.path_for_worker(pid)
        if path:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - pathlib would cost every start 6 ms

    def reopen(self) -> None:
        """The logs."""
        if self._line is not None:
            self._line.send(**{"is": "reopen"})
