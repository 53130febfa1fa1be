"""A program on a terminal of its own (pty(7)), and what it has written there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


class Terminal:
    """The other end: what a person would type and see."""

    def __init__(self, popen: subprocess.Popen[bytes], descriptor: int) -> None:
        self.popen, self._descriptor, self.written = popen, descriptor, b""

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """The kernel tells the program by SIGWINCH."""
        resize(self._descriptor, columns, lines)

    def shows(self, text: str, within: float = 15.0, keep: bool = False) -> None:
        """Returns when the program has written `text` since the last call, and forgets what came so far, or not."""
        wanted = text.encode()
        self._read_until(lambda: wanted in self.written, f"{text!r}", within)
        if not keep:
            self.written = self.written.partition(wanted)[2]

    def ended(self, within: float = 15.0) -> int:
        """Its exit code, when it has ended; what it wrote meanwhile is in `written`."""
        self._read_until(lambda: self.popen.poll() is not None, "it ends", within)
        self._take(0.05)
        return self.popen.wait()

    def _read_until(self, probe: object, what: str, within: float) -> None:
        assert callable(probe)
        deadline = time.monotonic() + within
        while not probe():
            assert time.monotonic() < deadline, f"not within {within} s: {what}; {self.written[-3000:]!r}"
            self._take(0.05)

    def _take(self, seconds: float) -> None:
        while select.select([self._descriptor], [], [], seconds)[0]:
            try:
                piece = os.read(self._descriptor, 65536)
            except OSError:  # EIO: nobody has the other end any more
                return
            if not piece:
                return
            self.written += piece
            seconds = 0


def resize(descriptor: int, columns: int, lines: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@contextlib.contextmanager
def on_a_terminal(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], columns: int = 80, lines: int = 24
) -> Iterator[Terminal]:
    """Runs it until it ends or the block does."""
    ours, theirs = pty.openpty()
    resize(ours, columns, lines)
    try:
        popen = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
    finally:
        os.close(theirs)
    try:
        yield Terminal(popen, ours)
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.wait()
        os.close(ours)
