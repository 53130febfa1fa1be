"""The typed face of ring.py and of the enum in ring.pxd."""

from enum import IntEnum

class Operation(IntEnum):
    """What the engine submits."""

    POLL_ADD = 6
    ACCEPT = 13
    ASYNC_CANCEL = 14
    SEND = 26
    RECV = 27

class Ring:
    """One io_uring; raises OSError where none can be had."""

def refusal() -> str: ...
