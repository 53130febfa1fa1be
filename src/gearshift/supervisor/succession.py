"""One program after another on the same listeners: what a supervisor does as the old one, and as the new one."""

from __future__ import annotations

import os

from gearshift.errors import GearshiftError
from gearshift.supervisor.forking import ending_in_words
from gearshift.supervisor.heirs import Heir, predecessor

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

    from gearshift.listeners import Listener
    from gearshift.supervisor.supervisor import Supervisor
    from gearshift.supervisor.transit import Transit


class Succession:
    """Of one supervisor. Raises GearshiftError where it can't have what the program before it has left to it."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._predecessor = predecessor()
        self._told_ready = False
        self._heir: Heir | None = None
        self._abdicated = False

    @property
    def inherited_transit(self) -> Transit | None:
        """The queue of connections of the program before this one."""
        return None if self._predecessor is None else self._predecessor.transit

    @property
    def inherited_listeners(self) -> Mapping[tuple[str, int, int], Listener] | None:
        """Its listeners."""
        return None if self._predecessor is None else self._predecessor.listeners

    @property
    def inherited_endpoints(self) -> Sequence[tuple[str, socket.socket]]:
        """Its sockets of datagrams, by their addresses."""
        return () if self._predecessor is None else self._predecessor.endpoints

    # ---- as the new program ------------------------------------------------------------------------------

    def begin(self) -> None:
        """The desk is opened, at once or when the old program has left its own."""
        if self._predecessor is None:
            self._supervisor.desk.open(self._supervisor.newest_settings)
        else:
            self._supervisor.hear(self._predecessor.fileno(), self._predecessor_speaks)

    def all_serve(self) -> None:
        """All of our workers do: the old ones may leave."""
        if self._predecessor is not None and not self._told_ready:
            self._told_ready = True
            self._predecessor.tell_ready()

    def _predecessor_speaks(self) -> None:
        """It has closed its desk, or has gone."""
        assert self._predecessor is not None
        if self._predecessor.has_left_the_desk():
            self._supervisor.forget(self._predecessor.fileno())
            self._predecessor.close()
            if not self._supervisor.staff.ending:
                self._supervisor.desk.open(self._supervisor.newest_settings)

    # ---- as the old program ------------------------------------------------------------------------------

    def upgrade(self) -> None:
        """SIGUSR2: starts a new program; ours leaves once its workers serve."""
        supervisor = self._supervisor
        if supervisor.staff.ending:
            return
        if self._heir is not None:
            supervisor.error_log.warning(f"a new program is being started already, process {self._heir.pid}")
        elif os.getpid() == 1:
            supervisor.error_log.warning(
                "process 1 can't be replaced by another: what runs here would end with it"
            )
        else:
            try:
                self._heir = Heir(supervisor.listening, supervisor.transit)
            except (OSError, GearshiftError) as error:
                supervisor.error_log.error(f"no new program can be started: {error}")
                return
            supervisor.error_log.info(f"a new program is being started, process {self._heir.pid}")
            supervisor.hear(self._heir.fileno(), self._heir_speaks)

    def _heir_speaks(self) -> None:
        heir = self._heir
        assert heir is not None
        ready = heir.is_ready()
        if ready or heir.silent:
            self._supervisor.forget(heir.fileno())
        if ready and not self._supervisor.staff.ending:
            self._abdicated = True
            self._supervisor.error_log.info(f"the new program serves, process {heir.pid}: ours leaves")
            self._supervisor.abdicate(heir.pid, heir.takes_connections)
            heir.tell_that_the_desk_is_free()

    def is_gone(self, pid: int, status: int) -> None:
        """A child has ended that is no worker."""
        if self._heir is None or pid != self._heir.pid:
            return
        how = ending_in_words(status)
        self._supervisor.forget(self._heir.fileno())
        self._heir.close()
        if self._abdicated:
            self._supervisor.error_log.error(
                f"the new program has ended ({how}), and ours is leaving already"
            )
            return
        self._heir = None
        self._supervisor.error_log.warning(
            f"the new program has ended ({how}) before it served: ours goes on"
        )

    # ---- the end -----------------------------------------------------------------------------------------

    def end(self) -> None:
        """We are told to end: an heir that does not serve yet ends too."""
        if self._heir is not None and not self._abdicated:
            self._heir.end()

    def close(self) -> None:
        """May be called again; in a child too."""
        for one in (self._heir, self._predecessor):
            if one is not None:
                one.close()
