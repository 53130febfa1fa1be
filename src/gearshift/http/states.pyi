"""The typed face of states.py and of the enums in states.pxd."""

from enum import IntEnum

class Event(IntEnum):
    """What next_event() answers."""

    NEED_DATA = 0
    REQUEST = 1
    BODY = 2
    END_OF_BODY = 3
    PAUSED = 4
    REFUSED = 5
    CLOSED = 6
    PREFACE = 7

class Reading(IntEnum):
    """What of a request comes next."""

    BETWEEN = 0
    HEAD = 1
    SIZED_BODY = 2
    CHUNK_SIZE = 3
    CHUNK_DATA = 4
    CHUNK_END = 5
    TRAILERS = 6
    COMPLETE = 7
    BROKEN = 8
    ENDED = 9
    UPGRADED = 10

class Framing(IntEnum):
    """How an answer's body ends."""

    UNDECIDED = 0
    NO_BODY = 1
    BY_LENGTH = 2
    BY_CHUNKS = 3
    BY_CLOSE = 4
    FINISHED = 5

def may_move(origin: Reading, target: Reading) -> bool: ...

TRANSITIONS: dict[Reading, tuple[Reading, ...]]
