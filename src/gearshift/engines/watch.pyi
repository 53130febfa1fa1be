"""The typed face of watch.py."""

from enum import IntEnum

from gearshift.engines.readiness import ReadinessLoop

class Sight(IntEnum):
    """What a look at the loop has shown."""

    GO_ON = 0
    HELD_UP = 1
    LET_GO = 2
    QUIET = 3

class Patience:
    """What the watch makes of what it sees."""

    def __init__(self, patience: int) -> None: ...
    def look(self, drives: int, busy: bool) -> Sight: ...

class Watch:
    """A thread that notices when the polling thread is held up."""

    def __init__(self, loop: ReadinessLoop, tick: int, patience: int) -> None: ...
    def start(self) -> None: ...
    def end(self) -> None: ...
    def run(self) -> None: ...
