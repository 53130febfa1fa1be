"""A piece of an experiment in a process of its own: forked, its result pickled back, always waited for."""

from __future__ import annotations

import os
import pickle
import signal
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


class ForkedError(Exception):
    """The piece raised; its traceback is the message."""


def forked(piece: Callable[[], T]) -> T:
    """What `piece` returns, called in a child. Raises ForkedError. Only for a process with one thread (fork(2))."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with open(write, "wb") as file:  # noqa: PTH123 - a descriptor
            try:
                answer: tuple[bool, object] = True, piece()
            except BaseException:
                answer = False, traceback.format_exc()
            pickle.dump(answer, file)
        os._exit(0)
    os.close(write)
    with open(read, "rb") as file:  # noqa: PTH123 - a descriptor
        answered = file.read()
    os.waitpid(child, 0)
    if not answered:
        raise ForkedError("the child ended without a word")
    succeeded, value = pickle.loads(answered)
    if not succeeded:
        raise ForkedError(str(value))
    result: T = value
    return result


class Helper:
    """A child that runs `piece` until the `with` block is left, and is then ended. It has nothing of ours to close."""

    def __init__(self, piece: Callable[[], None]) -> None:
        self._piece = piece
        self.pid = 0

    def __enter__(self) -> Helper:
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._piece()
            finally:
                os._exit(0)
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
