"""wsgi.file_wrapper: a file as an answer's body, sent by sendfile where it is a real one (PEP 3333)."""

from __future__ import annotations

import os
from io import BufferedRandom, BufferedReader, FileIO
from stat import S_ISREG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO


class FileWrapper:
    """Wraps a file-like object; without a real file behind it, it is read in blocks of `block_size` bytes."""

    def __init__(self, file: IO[bytes], block_size: int = 65536) -> None:
        self.file = file
        self.block_size = block_size
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        block = self.file.read(self.block_size)
        if not block:
            raise StopIteration
        return block

    def region(self) -> tuple[int, int, int] | None:
        """Descriptor, offset and length of what is left of a regular file; None for anything else."""
        if not reads_its_descriptor(self.file):
            return None
        try:
            descriptor = self.file.fileno()
            status = os.fstat(descriptor)
            offset = self.file.tell()
        except (AttributeError, OSError, ValueError):
            return None
        if not S_ISREG(status.st_mode) or offset > status.st_size:
            return None
        return descriptor, offset, status.st_size - offset


def reads_its_descriptor(file: object) -> bool:
    """Whether what it reads is what stands in the file of its fileno(): GzipFile, for one, has one and inflates it."""
    if type(file).__module__ == "tempfile":
        file = getattr(file, "file", file)  # a temporary file with a name is a wrapper around the file
    if isinstance(file, (BufferedReader, BufferedRandom)):
        file = file.raw
    return isinstance(file, FileIO)


def first_bytes(blocks: Iterable[bytes], length: int) -> Iterator[bytes]:
    """At most `length` bytes: a file may hold more than its Content-Length promises (PEP 3333)."""
    for block in blocks:
        yield block[:length]
        length -= len(block)
        if length <= 0:
            return
