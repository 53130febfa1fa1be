"""The typed face of deadlines.py."""

from collections.abc import Iterator

from gearshift.connection import Connection

class DeadlineLists:
    """When connections must be given up: one list for each kind of deadline, which lasts so many seconds."""

    def __init__(self, idle: float, head: float, body: float, write: float, linger: float) -> None: ...
    @property
    def size(self) -> int: ...
    def __iter__(self) -> Iterator[Connection]: ...
