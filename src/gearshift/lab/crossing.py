"""Loops in C that call a function, and that call the kernel: the interpreter's own cost would hide the difference."""

# A C variable is declared by its annotation alone, and a C loop counts without its number being used.
# ruff: noqa: F821, B007
import cython
from cython.cimports.gearshift.lab.crossing import sigaddset, sigset_t
from cython.cimports.posix.time import CLOCK_MONOTONIC, clock_gettime, timespec
from cython.cimports.posix.unistd import getppid


def function_calls(times: cython.long) -> cython.double:
    """Nanoseconds that one call takes of a function of the C library that stays in the process (sigaddset)."""
    number: cython.long
    some: sigset_t
    began: cython.double = nanoseconds()
    for number in range(times):
        sigaddset(cython.address(some), 1)
    return (nanoseconds() - began) / times


def clock_readings(times: cython.long) -> cython.double:
    """Nanoseconds of clock_gettime: a system call by name, answered from a page that the kernel shares (vdso(7))."""
    number: cython.long
    now: timespec
    began: cython.double = nanoseconds()
    for number in range(times):
        clock_gettime(CLOCK_MONOTONIC, cython.address(now))
    return (nanoseconds() - began) / times


def system_calls(times: cython.long) -> cython.double:
    """Nanoseconds of getppid(), which does next to nothing in the kernel: almost all of it is the way."""
    number: cython.long
    began: cython.double = nanoseconds()
    for number in range(times):
        getppid()
    return (nanoseconds() - began) / times


def nanoseconds() -> cython.double:
    now: timespec
    clock_gettime(CLOCK_MONOTONIC, cython.address(now))
    return now.tv_sec * 1e9 + now.tv_nsec
