"""Where an application is imported once for all workers of a generation (`--preload-app`): a process that does nothing
but fork them, so that they share what the import has put into memory. The supervisor itself stays without it.

A worker is the nursery's grandchild, whose parent ends at once: so it becomes the supervisor's own child, which is the
one to hear how it ends (PR_SET_CHILD_SUBREAPER, prctl(2)).
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress

from gearshift.supervisor.forking import fork
from gearshift.supervisor.line import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.supervisor.staff import Member

SET_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of <linux/prctl.h>


def adopt_orphans() -> None:
    """What our children leave behind becomes our own child."""
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Nursery:
    """The supervisor's side. make: imports the application, in the nursery; what it returns is called in each worker
    with its place and its line, and returns the exit code. Raises OSError.
    """

    def __init__(self, make: Callable[[Line], Callable[[int, Line], int]]) -> None:
        adopt_orphans()
        self.unborn: list[Member] = []
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._end = ours

        def live() -> int:
            ours.close()
            return serve(theirs, make(Line(theirs)))

        try:
            self.pid = fork(live)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self.line = Line(ours)

    def bear(self, member: Member, theirs: Line) -> None:
        """Asks for a worker, which will say its number on that line."""
        self.unborn.append(member)
        place = json.dumps({"place": member.place}).encode()
        with suppress(OSError):  # the nursery has ended, of which the supervisor is about to hear
            socket.send_fds(self._end, [place], [theirs.fileno()])

    def close(self) -> None:
        """Lets it end. May be called again."""
        self._end.close()


def serve(end: socket.socket, live: Callable[[int, Line], int]) -> int:
    """In the nursery: forks as it is asked, until the supervisor closes its end or is gone; the exit code."""
    end.setblocking(True)
    while True:
        said, descriptors, _, _ = socket.recv_fds(end, 4096, 1)
        if not said:
            return 0
        os.set_inheritable(descriptors[0], False)
        theirs = Line(socket.socket(fileno=descriptors[0]))
        _bear(json.loads(said)["place"], theirs, end, live)
        theirs.close()


def _bear(place: int, theirs: Line, end: socket.socket, live: Callable[[int, Line], int]) -> None:
    between = os.fork()
    if between == 0:
        try:
            end.close()
            fork(lambda: _be_worker(place, theirs, live))
        finally:
            os._exit(0)
    os.waitpid(between, 0)


def _be_worker(place: int, theirs: Line, live: Callable[[int, Line], int]) -> int:
    theirs.send(**{"is": "born"}, pid=os.getpid())
    return live(place, theirs)
