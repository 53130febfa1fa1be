"""The typed face of blocking.py and of the enum in blocking.pxd."""

from enum import IntEnum

from gearshift.channel import Driver
from gearshift.engines import Timeouts
from gearshift.exchange import Service

class Outcome(IntEnum):
    """How a thread's work on a connection ended."""

    CLOSED = 0
    AT_BOUNDARY = 1
    FULL = 2

class BlockingDriver(Driver):
    """A thread that drives one connection at a time. `parks`: give it back between requests."""

    def __init__(self, service: Service, timeouts: Timeouts, parks: bool) -> None: ...
