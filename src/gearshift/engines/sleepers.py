"""Threads that sleep in a system call, and the signal that ends it."""

import cython
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.string import memset


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
