"""The process above the workers. It opens the listeners, forks, listens to signals, and touches no client's socket.

It has one thread and never imports the application: so a fork copies nothing that is in use, and what a worker has read
of application and configuration goes with that worker.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from contextlib import suppress
from time import monotonic

from gearshift.errors import GearshiftError
from gearshift.gearbox import discard
from gearshift.leaving import leaving_in_words
from gearshift.observe.error_log import ErrorLog
from gearshift.supervisor.announcing import Announcing
from gearshift.supervisor.desk_keeper import DeskKeeper
from gearshift.supervisor.forking import ending_in_words, first_failure
from gearshift.supervisor.listening import Listening, addresses_of, datagram_addresses_of, number_of
from gearshift.supervisor.staff import Kill, Member, Retire, Staff, Start
from gearshift.supervisor.starting import Starting
from gearshift.supervisor.states import State
from gearshift.supervisor.succession import Succession
from gearshift.supervisor.transit import transit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from gearshift.settings import Settings
    from gearshift.supervisor.line import Line

FORCED_EXIT = 1  # as of a server that is one process: a second signal, or a worker that had to be killed
LAST_MOMENT = 3.0  # seconds past timeout_drain after which a worker is killed; it ends itself before that


class Supervisor:
    """Of one program. read: the settings as they are said now. Raises GearshiftError."""

    def __init__(self, settings: Settings, read: Callable[[], Settings]) -> None:
        self._read = read
        self._settings = {0: settings}  # by generation
        self.error_log = ErrorLog(settings.error_log)
        self.staff = Staff(number_of(settings), patience_of(settings))
        self._lines: dict[int, Line] = {}  # to workers, by process
        self._failures: dict[int, dict[str, Any]] = {}  # what workers said that could not start
        self._poller = select.poll()
        self._heard: dict[int, Callable[[], object]] = {}  # what to do where a descriptor is readable
        self._signals: list[int] = []
        self._signal_ends = socket.socketpair()
        self._renewal_asked = False
        self._reloading = False
        self._abdicated = False
        self._exit_code = 0
        self._failure: GearshiftError | None = None
        self.crashes = 0  # of workers that served, since the start
        self.reloads = 0
        self.shifted: dict[str, Any] | None = None  # the engine that all were told to shift to
        self._starting = Starting(self)
        self._succession = Succession(self)
        self.transit = self._succession.inherited_transit or transit()
        self.listening = Listening(
            settings,
            self._sets(settings),
            self._succession.inherited_listeners,
            self._succession.inherited_endpoints,
        )
        self.desk = DeskKeeper(self)
        self._announcing = Announcing(self)

    # ---- the loop ----------------------------------------------------------------------------------------

    def run(self) -> int:
        """Until everything has ended; the exit code."""
        self._take_signals()
        try:
            self._succession.begin()
            while True:
                self._do_what_is_due()
                if self._is_over():
                    break
                self._wait()
        finally:
            self._close()
        if self._failure is not None:
            raise self._failure
        return self._exit_code

    def _is_over(self) -> bool:
        return not self.staff.members and (self.staff.ending or self._failure is not None)

    def _wait(self) -> None:
        due = [
            time for time in (self.staff.due(), self.desk.due(), self._announcing.due()) if time is not None
        ]
        seconds = max(min(due) - monotonic(), 0.0) if due else None
        for descriptor, _ in self._poller.poll(None if seconds is None else seconds * 1000 + 1):
            heard = self._heard.get(descriptor)
            if heard is not None:
                heard()
        self._act_upon_signals()

    def _do_what_is_due(self) -> None:
        while self._failure is None or self.staff.ending:
            step = next(self.staff.plan(monotonic()), None)
            if step is None:
                break
            if isinstance(step, Start):
                self._start(step)
            elif isinstance(step, Retire):
                self._retire(step.member)
            else:
                self._kill(step)
        self.desk.keep()
        self._announcing.keep()
        if self.staff.complete():
            self._all_serve()

    def hear(self, descriptor: int, heard: Callable[[], object]) -> None:
        """Calls it whenever there is something to read."""
        self._heard[descriptor] = heard
        self._poller.register(descriptor, select.POLLIN)

    def forget(self, descriptor: int) -> None:
        """Before it is closed."""
        if self._heard.pop(descriptor, None) is not None:
            self._poller.unregister(descriptor)

    # ---- workers -----------------------------------------------------------------------------------------

    def _start(self, step: Start) -> None:
        try:
            member, spoken = self._starting.start(step, self._settings[step.generation])
        except OSError as error:
            seconds = self.staff.backoff.crashed(monotonic(), 0.0)
            what = f"no worker can be forked, the next try is in {seconds:g} s: {error.strerror}"
            self.error_log.error(what)
            return
        self._lines[member.pid] = spoken
        self.hear(spoken.fileno(), lambda: self._worker_speaks(member))

    def leave_behind(self) -> None:
        """In a child: what only the supervisor may have open."""
        for other in self._lines.values():
            other.close()
        for end in self._signal_ends:
            end.close()
        self.desk.leave_behind()
        self._starting.close()
        self._succession.close()

    def _worker_speaks(self, member: Member) -> None:
        spoken = self._lines[member.pid]
        while message := spoken.receive():
            self._take_in(member, message)
        if message is None:
            self.forget(spoken.fileno())

    def _take_in(self, member: Member, message: dict[str, Any]) -> None:
        kind = message.get("is")
        if kind == "serving" and member.state is State.STARTING:
            self.desk.application = message
            if self.shifted is not None:
                self._lines[member.pid].send(do="shift", **self.shifted)
            self._announcing.serves(member.pid, self._lines[member.pid])
            if self.staff.serves(member, monotonic()):
                self._generation_serves()
            self.desk.staff_has_changed()
        elif kind == "alive":
            self._announcing.is_alive(member.pid)
        elif kind == "born":
            self._lines[message["pid"]] = self._lines.pop(member.pid)
            self._starting.is_born(member, message["pid"])
        elif kind == "failed":
            self._failures[member.pid] = message
        elif kind == "spent" and member.state is State.SERVING:
            self.error_log.info(f"worker {member.pid} is replaced after {message['why']}")
            member.recycled = message["why"]
        elif kind == "leaving":
            self.desk.has_counted(member.pid, message["counts"])

    def _retire(self, member: Member, hand_over: bool = True) -> None:
        """Its connections go to those who stay, where these take them."""
        seconds = self.newest_settings.timeout_drain
        self._lines[member.pid].send(do="retire", seconds=seconds, hand_over=hand_over)
        member.move(State.RETIRING, monotonic())
        self.desk.staff_has_changed()

    def _kill(self, step: Kill) -> None:
        self.error_log.error(f"worker {step.member.pid} has not ended in time and is killed")
        self._exit_code = FORCED_EXIT
        step.member.killed = True
        if step.member.pid > 0:
            with suppress(ProcessLookupError):
                os.kill(step.member.pid, signal.SIGKILL)

    def _reap(self) -> None:
        """Whoever has ended: workers, the desk, the heir."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for member in self.staff.members:
                if member.pid == pid:
                    self.worker_is_gone(member, status)
                    break
            else:
                self._succession.is_gone(pid, status)
                self._starting.is_gone(pid, status)
                self.desk.is_gone(pid, status)

    def worker_is_gone(self, member: Member, status: int, failure: dict[str, Any] | None = None) -> None:
        """failure: why it could not start, where somebody else has told that."""
        self._worker_speaks(member)
        spoken = self._lines.pop(member.pid)
        self.forget(spoken.fileno())
        spoken.close()
        failure = self._failures.pop(member.pid, failure)
        how = ending_in_words(status)
        on_trial = member.generation == self.staff.trial
        seconds = self.staff.gone(member, monotonic())
        self.desk.worker_is_gone(member.pid)
        if not any(other.place == member.place for other in self.staff.members):
            self.listening.balance.leave(member.place)
        if on_trial and not self.staff.ending:
            self._trial_has_failed(member, failure, how)
        elif seconds is not None:
            why = f"ended ({how})" if failure is None else f"could not start: {failure['error']}"
            self.crashes += failure is None
            text = f"worker {member.pid} {why}; another one is started in {seconds:g} s"
            self.error_log.error(text)
        elif os.WIFSIGNALED(status) and not member.killed:
            self.error_log.error(f"worker {member.pid}, which was leaving, was ended by {how}")

    def _trial_has_failed(self, member: Member, failure: dict[str, Any] | None, how: str) -> None:
        if self.staff.good is None:
            self._failure = first_failure(member.pid, failure, how)
            return
        self._settings.pop(member.generation)
        self._starting.end_nursery(member.generation)
        self._reloading = False
        what = f"its worker ended ({how})" if failure is None else failure["error"]
        self.error_log.warning(
            f"the reload has failed, the workers of before go on: {what}",
            "" if failure is None else failure["traceback"],
        )
        self._announcing.ready()
        self._renew_if_asked()

    def _generation_serves(self) -> None:
        """The first worker of a generation does: from now on it is the one that counts."""
        former = [number for number in self._settings if number != self.staff.good]
        settings = self.newest_settings
        if former and number_of(self._settings[former[-1]]) != number_of(settings):
            self.staff.wanted = number_of(settings)
        for number in former:
            del self._settings[number]
            self._starting.end_nursery(number)
        self.staff.patience = patience_of(settings)
        if former:
            self.desk.renew(settings)

    def _all_serve(self) -> None:
        self._succession.all_serve()
        self._announcing.all_serve()
        if self._reloading:
            self._reloading = False
            self.reloads += 1
            pids = ", ".join(map(str, self.serving()))
            self.error_log.info(f"reloaded: application and configuration are read anew, in workers {pids}")
            self._announcing.ready()
            self._renew_if_asked()
        if self._renewal_asked and not self.staff.ending:
            self._renew_if_asked()

    def serving(self) -> list[int]:
        """The processes that do."""
        return [member.pid for member in self.staff.members if member.state is State.SERVING]

    @property
    def newest_settings(self) -> Settings:
        """Those of the newest generation that serves; at first, those that are to serve."""
        return self._settings[self.staff.good or min(self._settings)]

    # ---- signals -----------------------------------------------------------------------------------------

    def _take_signals(self) -> None:
        for end in self._signal_ends:
            end.setblocking(False)
        signal.set_wakeup_fd(self._signal_ends[1].fileno(), warn_on_full_buffer=False)
        for number in ACTIONS:
            signal.signal(number, self._note)
        self.hear(self._signal_ends[0].fileno(), lambda: discard(self._signal_ends[0].fileno()))

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)

    def _act_upon_signals(self) -> None:
        while self._signals:
            ACTIONS[signal.Signals(self._signals.pop(0))](self)

    def _end_asked(self, name: str) -> None:
        """The first time everything drains, the second time it ends."""
        if self.staff.ending and not self._abdicated:
            self.error_log.warning(f"{name} again: ending at once")
            self._exit_code = FORCED_EXIT
            self.staff.hurry(monotonic(), LAST_MOMENT)
            self._tell_all(do="stop")
            return
        seconds, delay = self.newest_settings.timeout_drain, self.newest_settings.drain_delay
        delayed = name == "SIGTERM" and delay > 0
        if delayed:
            self.error_log.info(leaving_in_words(name, delay))
        else:
            self.error_log.info(f"{name}: draining, for at most {seconds:g} s; again to end at once")
        self.end(delayed)

    def end(self, delayed: bool = False) -> None:
        """Everything that was received is answered; then it is over. delayed: after --drain-delay."""
        self.staff.ending = True
        self._abdicated = False
        self.listening.close()
        self._tell_all(do="drain", delayed=delayed)
        for member in self.staff.members:
            if member.state is not State.DRAINING:
                member.move(State.DRAINING, monotonic())
        self._succession.end()
        self._announcing.stopping()

    def abdicate(self, heir: int, hand_over: bool) -> None:
        """Another program serves on the same listeners: ours leaves, and its connections with it, if they are taken."""
        self.staff.ending = self._abdicated = True
        self._announcing.succeeded_by(heir)
        self.desk.close()
        self.listening.give_up_files()
        for member in self.staff.members:
            if member.state is State.SERVING:
                self._retire(member, hand_over)
            elif member.state is State.STARTING:
                self._lines[member.pid].send(do="drain")
                member.move(State.DRAINING, monotonic())

    def _tell_all(self, **message: object) -> None:
        for spoken in self._lines.values():
            spoken.send(**message)

    def reload(self) -> None:
        """SIGHUP."""
        if self.staff.ending:
            return
        self._renewal_asked = True
        if self.staff.trial is None and not self._reloading:
            self._renew_if_asked()

    def _renew_if_asked(self) -> None:
        if not self._renewal_asked or self.staff.trial is not None or self.staff.ending:
            return
        self._renewal_asked = False
        try:
            settings = self._read()
            self._refuse_what_needs_a_start(settings)
        except GearshiftError as error:
            self.error_log.warning(f"the reload has failed, the workers of before go on: {error}")
            return
        self._reloading = True
        self._announcing.reloading()
        self._settings[self.staff.renew()] = settings

    def _refuse_what_needs_a_start(self, settings: Settings) -> None:
        """What the listeners are made for stays as it is: SIGUSR2 has a new program make them anew."""
        found = (addresses_of(settings), datagram_addresses_of(settings))
        if found != (self.listening.addresses, self.listening.datagram_addresses):
            raise GearshiftError(
                "the addresses to listen on have changed, which needs a new program (SIGUSR2)"
            )
        if self._sets(settings) != len(self.listening.sets):
            raise GearshiftError(
                "the number of accept queues has changed (--listener-per-worker), which needs a start"
            )

    def _reopen_logs(self) -> None:
        self.error_log.reopen()
        self._tell_all(do="reopen")
        self.desk.reopen()

    def _one_more(self, more: int) -> None:
        """SIGTTIN, SIGTTOU: until the next start, or until a reload finds another number in the settings."""
        if self.newest_settings.listener_per_worker:
            self.error_log.warning("the number of workers stays as it is: each has a listener of its own")
        elif self.staff.good is not None and self.staff.wanted + more >= 1:
            self.staff.wanted += more
            self.error_log.info(f"{self.staff.wanted} workers are to serve")

    @staticmethod
    def _sets(settings: Settings) -> int:
        return number_of(settings) if settings.listener_per_worker else 1

    # ---- the end -----------------------------------------------------------------------------------------

    def fail(self, error: GearshiftError) -> None:
        """What kept us from starting; the workers end too."""
        self._failure = error
        self.end()

    def _close(self) -> None:
        signal.set_wakeup_fd(-1)
        self.desk.close()
        self.listening.close()
        self.transit.close()
        self._succession.close()
        self._starting.close()
        self.error_log.close()


def patience_of(settings: Settings) -> float:
    """Seconds that a worker has to leave."""
    return settings.drain_delay + settings.timeout_drain + LAST_MOMENT


ACTIONS: dict[signal.Signals, Callable[[Supervisor], object]] = {
    signal.SIGTERM: lambda supervisor: supervisor._end_asked("SIGTERM"),
    signal.SIGINT: lambda supervisor: supervisor._end_asked("SIGINT"),
    signal.SIGHUP: Supervisor.reload,
    signal.SIGUSR1: Supervisor._reopen_logs,
    signal.SIGUSR2: lambda supervisor: supervisor._succession.upgrade(),
    signal.SIGTTIN: lambda supervisor: supervisor._one_more(1),
    signal.SIGTTOU: lambda supervisor: supervisor._one_more(-1),
    signal.SIGCHLD: Supervisor._reap,
}
