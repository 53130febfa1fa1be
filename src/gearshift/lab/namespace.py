"""A network of one's own: unshare(2) with CLONE_NEWNET, in which kernel settings may be changed and counters are ours.

An ordinary user gets one inside a user namespace, where the system allows those (user_namespaces(7)); root needs none.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1  # linux/sockios.h, linux/if.h


class NamespaceRefusedError(Exception):
    """No network namespace can be made here; the message is the kernel's reason."""


def enter() -> None:
    """Moves this process, which must have one thread, into a new network with nothing but a loopback interface that
    is up. Raises NamespaceRefusedError.
    """
    root = os.geteuid() == 0
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET if root else CLONE_NEWUSER | CLONE_NEWNET):
        raise NamespaceRefusedError(f"unshare: {os.strerror(ctypes.get_errno())}")
    try:
        if not root:
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"0 {user} 1")
            _write("/proc/self/gid_map", f"0 {group} 1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    except OSError as error:
        raise NamespaceRefusedError(f"{error.filename or 'loopback'}: {error.strerror}") from None


def set_sysctl(name: str, value: int) -> None:
    """name: `net.ipv4.tcp_abort_on_overflow`. Raises NamespaceRefusedError where it is not this namespace's to set."""
    path = "/proc/sys/" + name.replace(".", "/")
    try:
        _write(path, str(value))
    except OSError as error:
        raise NamespaceRefusedError(f"{path}: {error.strerror}") from None


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(text)
