"""The typed face of connection.py and of the enums in connection.pxd."""

from enum import IntEnum
from typing import final

from gearshift.channel import Channel, Driver
from gearshift.conversation import Conversation
from gearshift.exchange import Exchange, Service
from gearshift.listeners import Listener
from gearshift.raw.endpoint import Endpoint

class Step(IntEnum):
    """What must happen next on a connection."""

    READ = 0
    WRITE = 1
    RUN = 2
    WAIT = 3
    CLOSE = 4
    LATER = 5

class Phase(IntEnum):
    """How far a connection's life has come."""

    SERVING = 0
    LAST_ANSWER = 1
    LINGERING = 2
    DONE = 3
    CONVERSING = 4
    INTRODUCED = 5
    SHAKING = 6

class Deadline(IntEnum):
    """Which clock runs."""

    NO_DEADLINE = 0
    IDLE_UNTIL = 1
    HEAD_BY = 2
    BODY_PROGRESS_BY = 3
    WRITE_PROGRESS_BY = 4
    LINGER_UNTIL = 5

@final
class Connection(Channel):
    """One accepted socket with its protocol and, while a request is being answered, its exchange."""

    def __init__(self, fd: int, service: Service, driver: Driver, listener: Listener | Endpoint) -> None: ...
    @property
    def service(self) -> Service: ...
    @property
    def exchange(self) -> Exchange | None: ...
    @property
    def conversation(self) -> Conversation | None: ...
    @property
    def datagrams(self) -> bool: ...
    @property
    def phase(self) -> Phase: ...
    @property
    def deadline(self) -> Deadline: ...
    @property
    def reset(self) -> bool: ...
    @property
    def unread_input(self) -> bool: ...
    @property
    def leaves(self) -> bool: ...
