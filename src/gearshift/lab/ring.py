"""An io_uring from Python, to show what it is: operations written into shared memory, and one call for all of them.

The layout is that of linux/io_uring.h; the engine that serves with it is compiled, and is not this.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    Buffer = ctypes.Array[ctypes.c_char]

SETUP, ENTER = 425, 426  # the same numbers on every architecture
GET_EVENTS = 1
SINGLE_MAPPING = 1  # IORING_FEAT_SINGLE_MMAP, Linux 5.4
NOP, RECEIVE = 0, 27
PARAMETERS = struct.Struct("=10I 8IQ 8IQ".replace(" ", ""))
SUBMISSION = struct.Struct("=BBHiQQIIQ24x")
COMPLETION = struct.Struct("=QiI")
SUBMISSIONS_AT = 0x10000000


class Ring:
    """One ring with so many places, a power of two. Raises OSError where the kernel doesn't give one."""

    def __init__(self, entries: int) -> None:
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        parameters = ctypes.create_string_buffer(PARAMETERS.size)
        self._fd = self._syscall(SETUP, entries, parameters)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        fields = PARAMETERS.unpack(parameters.raw)
        self.entries, completions, features = fields[0], fields[1], fields[5]
        submission, completion = fields[10:18], fields[19:27]
        if not features & SINGLE_MAPPING:
            os.close(self._fd)
            raise OSError(0, "a kernel before 5.4")
        size = max(submission[6] + entries * 4, completion[5] + completions * COMPLETION.size)
        self._ring = mmap.mmap(self._fd, size)
        self._submissions = mmap.mmap(self._fd, entries * SUBMISSION.size, offset=SUBMISSIONS_AT)
        self._tail_at, self._cq_head_at, self._cq_tail_at = submission[1], completion[0], completion[1]
        self._cqes_at, self._mask = completion[5], completions - 1
        # Place n of the queue is submission n, for good.
        struct.pack_into(f"={entries}I", self._ring, submission[6], *range(entries))
        self._tail = 0

    def close(self) -> None:
        self._ring.close()
        self._submissions.close()
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(
        self, place: int, operation: int, fd: int, buffer: ctypes.Array[ctypes.c_char] | None, name: int
    ) -> None:
        """Writes an operation into a place. buffer: where what is received goes. name: its completion's too."""
        address, length = (0, 0) if buffer is None else (ctypes.addressof(buffer), len(buffer))
        at = place * SUBMISSION.size
        SUBMISSION.pack_into(self._submissions, at, operation, 0, 0, fd, 0, address, length, 0, name)

    def submit(self, number: int, wait: int) -> None:
        """Hands over the next `number` places with one system call, and sleeps until so many are complete."""
        self._tail += number
        struct.pack_into("=I", self._ring, self._tail_at, self._tail & 0xFFFFFFFF)
        if self._syscall(ENTER, self._fd, number, wait, GET_EVENTS, None, 0) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def completions(self) -> list[tuple[int, int]]:
        """Names and results of what has been completed, taken from shared memory without a system call."""
        [head], [tail] = (
            struct.unpack_from("=I", self._ring, at) for at in (self._cq_head_at, self._cq_tail_at)
        )
        found = []
        while head != tail:
            at = self._cqes_at + (head & self._mask) * COMPLETION.size
            name, result, _ = COMPLETION.unpack_from(self._ring, at)
            found.append((name, result))
            head = (head + 1) & 0xFFFFFFFF
        struct.pack_into("=I", self._ring, self._cq_head_at, head)
        return found

    def forget(self) -> None:
        """Throws away all completions at once."""
        self._ring[self._cq_head_at : self._cq_head_at + 4] = self._ring[
            self._cq_tail_at : self._cq_tail_at + 4
        ]
