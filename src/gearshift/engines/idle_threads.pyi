"""The typed face of idle_threads.py."""

from collections.abc import Callable
from typing import Any, final

IDLE: str

@final
class Hand:
    """One of the threads."""

    def __init__(self, threads: IdleThreads, task: object, name: str) -> None: ...
    def run(self) -> None: ...

@final
class IdleThreads:
    """Runs tasks in threads that have nothing else to do."""

    def __init__(self, work: Callable[[Any], None], patience: float = 1.0) -> None: ...
    def run(self, task: object, name: str) -> int: ...
    def end(self) -> int: ...
