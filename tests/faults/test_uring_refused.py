"""Where the kernel refuses io_uring, the server says so and why, and serves with epoll."""

from __future__ import annotations

import ctypes
import struct
import subprocess
import sys
import textwrap

import pytest

REFUSED_BY_FILTER = """
import ctypes, errno, struct, sys
# A seccomp filter (classic BPF): io_uring_setup, number 425 on every architecture, fails with ERRNO.
ERRNO = int(sys.argv[1])
program = b"".join(
    struct.pack("HBBI", *line)
    for line in (
        (0x20, 0, 0, 0),                 # load the system call's number
        (0x15, 0, 1, 425),               # is it io_uring_setup?
        (0x06, 0, 0, 0x00050000 | ERRNO),  # SECCOMP_RET_ERRNO
        (0x06, 0, 0, 0x7FFF0000),        # SECCOMP_RET_ALLOW
    )
)
code = ctypes.create_string_buffer(program)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0   # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, ctypes.byref(Program(4, ctypes.addressof(code))), 0, 0) == 0  # PR_SET_SECCOMP
import gearshift, urllib.request
with gearshift.Server(None, engine="uring", bind="127.0.0.1:0") as server:
    print(urllib.request.urlopen(server.url).headers["X-Server"])
"""


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "seccomp filter"), (38, "no io_uring"), (22, "6.1 is needed"), (12, "RLIMIT_MEMLOCK")],
    ids=["EPERM", "ENOSYS", "EINVAL", "ENOMEM"],
)
def test_epoll_serves_in_its_place(number: int, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(REFUSED_BY_FILTER), str(number)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "gearshift-epoll"
    said = [line for line in done.stderr.splitlines() if "uring" in line]
    assert len(said) == 1
    assert words in said[0]
    assert "epoll serves instead" in said[0]


def test_the_filter_is_what_refuses() -> None:
    """Without it this machine's kernel decides; the words must then fit what the system call says."""
    from gearshift.engines.ring import refusal

    libc = ctypes.CDLL(None, use_errno=True)
    parameters = ctypes.create_string_buffer(struct.calcsize("30I"))
    descriptor = libc.syscall(425, 8, parameters)
    if descriptor >= 0:
        assert "seccomp" not in refusal()
    else:
        assert refusal() != ""


SHIFTED = (
    REFUSED_BY_FILTER.partition("import gearshift")[0]
    + """
import gearshift, urllib.request
from gearshift.gearbox import ShiftError
with gearshift.Server(None, engine="pool", bind="127.0.0.1:0") as server:
    try:
        server.shift("uring")
    except ShiftError as error:
        print(error)
    print(server.status()["engine"], urllib.request.urlopen(server.url).headers["X-Server"])
"""
)


def test_a_shift_to_it_says_why_and_keeps_the_engine() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SHIFTED), "1"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reason, engine = done.stdout.splitlines()
    assert reason.startswith("the engine uring can't be had: ")
    assert "seccomp filter" in reason
    assert engine == "pool gearshift-pool"
