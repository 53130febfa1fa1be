"""The floor: whoever has it runs the server's own code, one thread at a time, where the interpreter has no lock.

Connections, loops, queues and counts are touched by several threads, and what keeps them whole is that compiled code is
not interrupted between two places where it lets go of the interpreter. A free-threaded CPython (PEP 703) has no lock to
let go of: there a thread of the server has the floor instead, and lets go of it at the same places: while it waits, and
while an application runs. So applications run side by side, and the few microseconds that the server has to do for a
request one after another.

Who has another lock may take the floor; who has the floor lets go of it before taking another lock that its holder may
keep while taking the floor. Where the interpreter has its lock, all of this is compiled to nothing.
"""

import os

import cython
from cython.cimports.gearshift.floor import (
    IS_NEEDED,
    leave_floor,
    let_go,
    take_again,
    take_floor,
    the_floor,
)
from cython.cimports.libc.string import memset


class Floor:
    """For `with`, in modules that are not compiled: to look at what the serving threads change."""

    def __enter__(self):
        take_floor()
        return self

    def __exit__(self, kind, value, traceback):
        leave_floor()


class Aside:
    """For `with`, a new one each time: what takes long, or may have to wait, and does not need the floor."""

    def __enter__(self):
        self.depth = let_go()
        return self

    def __exit__(self, kind, value, traceback):
        take_again(self.depth)


FLOOR = Floor()


def _is_nobodys() -> None:
    """In a forked child: whoever had it is no thread of this process."""
    memset(cython.address(the_floor), 0, cython.sizeof(the_floor))


if IS_NEEDED:
    os.register_at_fork(after_in_child=_is_nobodys)
