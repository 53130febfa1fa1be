"""A descriptor lent to Python's socket methods comes back as it was."""

import gc
import os
import socket
import sys
from pathlib import Path

import pytest

from gearshift.kernel.lent import Lent, is_socket
from gearshift.kernel.sockets import facts


def test_it_is_neither_closed_nor_duplicated() -> None:
    with socket.socket() as sock:
        asked = Lent(sock.fileno())
        assert asked.fileno() == sock.fileno()
        del asked
        assert os.fstat(sock.fileno())


def test_not_even_after_an_error() -> None:
    with socket.socket() as sock:
        with pytest.raises(OSError, match="not available"):
            Lent(sock.fileno()).getsockopt(socket.SOL_SOCKET, 9999)
        with pytest.raises(KeyboardInterrupt):
            interrupted(sock.fileno())
        gc.collect()
        assert os.fstat(sock.fileno())


def interrupted(fd: int) -> None:
    asked = Lent(fd)
    assert asked.fileno() == fd
    raise KeyboardInterrupt


def test_a_default_time_out_does_not_make_it_non_blocking() -> None:
    with socket.socket() as sock:
        socket.setdefaulttimeout(5)
        try:
            Lent(sock.fileno())
            facts(sock.fileno())
        finally:
            socket.setdefaulttimeout(None)
        assert os.get_blocking(sock.fileno())


def test_a_closed_one_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="closed"):
        Lent(-1)


def test_what_is_a_socket() -> None:
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        assert is_socket(tcp.fileno())
        assert is_socket(unix.fileno())
        closed = os.dup(tcp.fileno())
    os.close(closed)
    assert is_socket(closed) is None
    with Path(os.devnull).open() as file:
        assert is_socket(file.fileno()) is False
        with pytest.raises(OSError, match="socket"):
            Lent(file.fileno())


def test_the_interpreter_is_not_let_go() -> None:
    """Asking is one piece for other threads: none of them runs meanwhile, though one is ready all the time."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        pytest.skip("no interpreter lock to hold")
    import threading

    turns, stop = 0, False

    def spin() -> None:
        nonlocal turns
        while not stop:
            turns += 1

    before = sys.getswitchinterval()
    sys.setswitchinterval(0.5)
    other = threading.Thread(target=spin)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        try:
            other.start()  # runs from its first wait for the lock on, so after half a second
            fd, counted = listener.fileno(), turns
            for _ in range(100):
                Lent(fd).getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
            assert turns == counted
        finally:
            stop = True
            sys.setswitchinterval(before)
            other.join()
