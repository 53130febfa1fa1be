"""The clocks, read without a Python call: for deadlines and durations, for dates, for a thread's work."""

import cython
from cython.cimports.posix.time import (
    CLOCK_MONOTONIC,
    CLOCK_REALTIME,
    CLOCK_THREAD_CPUTIME_ID,
    clock_gettime,
    timespec,
)


def monotonic() -> cython.double:
    """Seconds that never go back."""
    now: timespec
    clock_gettime(CLOCK_MONOTONIC, cython.address(now))
    return now.tv_sec + now.tv_nsec * 1e-9


def wall_clock() -> cython.double:
    """Seconds since the epoch."""
    now: timespec
    clock_gettime(CLOCK_REALTIME, cython.address(now))
    return now.tv_sec + now.tv_nsec * 1e-9


def thread_clock() -> cython.double:
    """Seconds that the calling thread has been on a processor. A system call, unlike the others."""
    now: timespec
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, cython.address(now))
    return now.tv_sec + now.tv_nsec * 1e-9
