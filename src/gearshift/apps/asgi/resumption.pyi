"""The typed face of resumption.py and of the enum in resumption.pxd; it is made by compiled modules only."""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextvars import Context
from enum import IntEnum
from typing import Any, final

class Waiting(IntEnum):
    """How a task's wait stands."""

    PENDING = 0
    READY = 1
    GIVEN_UP = 2

@final
class Resumption:
    """One wait of one task."""

    @property
    def waiting(self) -> Waiting: ...
    def get_loop(self) -> AbstractEventLoop: ...
    def add_done_callback(
        self, callback: Callable[[Any], object], *, context: Context | None = None
    ) -> None: ...
    def remove_done_callback(self, callback: Callable[[Any], object]) -> int: ...
    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def cancel(self, msg: object = None) -> bool: ...
    def result(self) -> None: ...
    def exception(self) -> None: ...
