"""How a worker comes into being: forked by the supervisor, or by a nursery that has imported the application."""

from __future__ import annotations

import os
from time import monotonic

from gearshift.supervisor.forking import fork, telling_failures
from gearshift.supervisor.line import Line, line
from gearshift.supervisor.nursery import Nursery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.settings import Settings
    from gearshift.supervisor.staff import Member, Start
    from gearshift.supervisor.supervisor import Supervisor


class Starting:
    """Of one supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._nurseries: dict[int, Nursery] = {}  # by generation
        self._unborn = 0  # below it are the numbers of those whose process has none yet

    def start(self, step: Start, settings: Settings) -> tuple[Member, Line]:
        """A worker that is about to be, and our end of its line. Raises OSError where none can be forked."""
        ours, theirs = line()
        try:
            return self._begin(step, settings, ours, theirs), ours
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()

    def _begin(self, step: Start, settings: Settings, ours: Line, theirs: Line) -> Member:
        staff = self._supervisor.staff
        if not settings.preload_app:
            pid = fork(lambda: self._be_worker(step, settings, ours, theirs))
            return staff.started(pid, step, monotonic())
        nursery = self._nurseries.get(step.generation)
        if nursery is None:
            nursery = self._nurseries[step.generation] = Nursery(lambda told: self._import(settings, told))
        self._unborn -= 1
        member = staff.started(self._unborn, step, monotonic())
        nursery.bear(member, theirs)
        return member

    def _be_worker(self, step: Start, settings: Settings, ours: Line, theirs: Line) -> int:
        """In the child."""
        ours.close()
        return self._import(settings, theirs)(step.place, theirs)

    def _import(self, settings: Settings, told: Line) -> Callable[[int, Line], int]:
        """In the child, or in a nursery: a worker with its application. What is in the way is told on the line."""
        supervisor = self._supervisor
        supervisor.leave_behind()
        with telling_failures(told):
            from gearshift.supervisor.worker import Worker

            worker = Worker(settings, settings.app)

        def live(place: int, theirs: Line) -> int:
            supervisor.listening.take_place(place)
            path = supervisor.desk.path_for_worker(os.getpid())
            listeners = supervisor.listening.of_place(place)
            endpoints = supervisor.listening.for_datagrams()
            with telling_failures(theirs):
                return worker.live(theirs, supervisor.transit, listeners, endpoints, path)

        return live

    # ---- nurseries -----------------------------------------------------------------------------------------

    def is_born(self, member: Member, pid: int) -> None:
        """A nursery has forked it: until now its process had no number."""
        self._nurseries[member.generation].unborn.remove(member)
        member.pid = pid

    def is_gone(self, pid: int, status: int) -> None:
        """A child has ended that is no worker. With a nursery those are gone that it has not forked yet."""
        for generation, nursery in list(self._nurseries.items()):
            if nursery.pid == pid:
                failure = nursery.line.receive() or None
                del self._nurseries[generation]
                nursery.close()
                for member in nursery.unborn:
                    self._supervisor.worker_is_gone(member, status, failure)

    def end_nursery(self, generation: int) -> None:
        """No more workers of that generation will be asked for."""
        if generation in self._nurseries:
            self._nurseries[generation].close()

    def close(self) -> None:
        """All of them; in a child too. May be called again."""
        for nursery in self._nurseries.values():
            nursery.close()
