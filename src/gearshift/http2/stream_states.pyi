"""The typed face of stream_states.py and of the enums in stream_states.pxd."""

from enum import IntEnum

class StreamState(IntEnum):
    """Where a stream stands."""

    IDLE = 0
    OPEN = 1
    HALF_CLOSED_LOCAL = 2
    HALF_CLOSED_REMOTE = 3
    CLOSED = 4
    RESET_BY_US = 5
    RESET_BY_PEER = 6
    FORGOTTEN = 7

class Step(IntEnum):
    """What may move it."""

    RECEIVE_HEADERS = 0
    RECEIVE_DATA = 1
    RECEIVE_WINDOW = 2
    RECEIVE_RESET = 3
    RECEIVE_END = 4
    SEND = 5
    SEND_END = 6
    SEND_RESET = 7

class Outcome(IntEnum):
    """What becomes of a step, where it is no other state."""

    STAY = 16
    DROP = 17
    CLOSED_TO_STREAM = 18
    CLOSED_TO_ALL = 19
    UNKNOWN_TO_ALL = 20
    NEVER = 21

TRANSITIONS: dict[StreamState, dict[Step, StreamState | Outcome]]

def outcome(state: StreamState, step: Step) -> int: ...
