"""A file of /proc read with few system calls, each of which lets go of the interpreter.

The kernel answers one read() of a long table with at most a page (seq_read in fs/seq_file.c): for 10,000 connections
some 400 of them, and after each the reader waits for the interpreter until a busy thread gives it up, 5 ms. But a
readv() of a file that has no vectored read is made of one read for each buffer (do_loop_readv_writev in
fs/read_write.c), as long as each is filled; buffers of less than a page are.
"""

from __future__ import annotations

import os

BUFFER = 2048  # bytes
BUFFERS = 1024  # IOV_MAX of Linux
FEW = 8  # enough for most files: 2 MiB would take longer to clear than they to read


def whole(path: str) -> bytes:
    """What the file holds now. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces = []
        number = FEW
        while piece := _read(file, number):
            pieces.append(piece)
            number = BUFFERS if len(piece) == BUFFER * number else FEW
        return b"".join(pieces)
    finally:
        os.close(file)


def _read(file: int, number: int) -> bytes:
    """With so many buffers; nothing at the end."""
    space = memoryview(bytearray(BUFFER * number))
    return bytes(space[: os.readv(file, [space[at : at + BUFFER] for at in range(0, len(space), BUFFER)])])
