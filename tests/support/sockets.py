"""Connections on the loopback interface, in every state that a test of the kernel's facts wants."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def connected(host: str = "127.0.0.1") -> Iterator[tuple[socket.socket, socket.socket, socket.socket]]:
    """A listener, a client of it, and the accepted connection."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as listener,
        socket.create_connection(listener.getsockname()[:2]) as client,
    ):
        server, _ = listener.accept()
        with server:
            yield listener, client, server


def ss(*arguments: str) -> list[list[str]]:
    """The lines of ss(8) as fields, without the heading; skips the test where there is no ss."""
    if shutil.which("ss") is None:
        pytest.skip("no ss here (iproute2)")
    done = subprocess.run(["ss", "-nH", *arguments], capture_output=True, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines()]
