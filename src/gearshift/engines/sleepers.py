"""Threads that sleep in a system call, without the interpreter and without the floor; and the signal that ends it."""

import cython
from cython.cimports.cpython.pythread import (
    PyThread_acquire_lock,
    PyThread_allocate_lock,
    PyThread_free_lock,
    PyThread_release_lock,
)
from cython.cimports.gearshift.floor import let_go, take_again
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.string import memset

WAIT = cython.declare(cython.int, 1)


def new_gate() -> cython.p_void:
    """A closed gate: a lock that is taken."""
    gate: cython.p_void = PyThread_allocate_lock()
    if gate == cython.NULL:
        raise MemoryError
    PyThread_acquire_lock(gate, WAIT)
    return gate


def remove_gate(gate: cython.p_void) -> cython.void:
    """Nobody sleeps at it."""
    if gate != cython.NULL:
        PyThread_release_lock(gate)
        PyThread_free_lock(gate)


def sleep_at(gate: cython.p_void) -> cython.void:
    """Until somebody opens it (PyThread_release_lock); it is closed again then."""
    floor: cython.int = let_go()
    with cython.nogil:
        PyThread_acquire_lock(gate, WAIT)
    take_again(floor)


def poll(entries: cython.pointer[sockets.pollfd], count: cython.int, milliseconds: cython.int) -> cython.int:
    """As poll(2)."""
    found: cython.int
    floor: cython.int = let_go()
    with cython.nogil:
        found = sockets.poll(entries, count, milliseconds)
    take_again(floor)
    return found


def do_nothing(number: cython.int) -> cython.void:
    """A signal's handler: that it came is all there is to it."""


def let_sleepers_be_woken() -> None:
    """SIGURG ends a system call that waits, and does nothing else; by default the kernel would drop it. It is what
    Go's runtime uses for the same purpose: nobody else does, and one too many does no harm.
    """
    action: sockets.sigaction_type
    former: sockets.sigaction_type
    sockets.sigaction(sockets.SIGURG, cython.NULL, cython.address(former))
    if former.sa_handler == sockets.SIG_DFL or former.sa_handler == sockets.SIG_IGN:
        memset(cython.address(action), 0, cython.sizeof(action))
        action.sa_handler = do_nothing
        sockets.sigaction(sockets.SIGURG, cython.address(action), cython.NULL)


def call_out_of_wait(thread: cython.ulong) -> cython.void:
    """Ends the system call that this thread waits in; it must not have ended."""
    sockets.pthread_kill(thread, sockets.SIGURG)
