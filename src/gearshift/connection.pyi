"""The typed face of connection.py and of the enum Phase in connection.pxd."""

from enum import IntEnum
from typing import final

from gearshift.channel import Channel, Driver
from gearshift.conversation import Conversation
from gearshift.exchange import Exchange, Service
from gearshift.listeners import Listener
from gearshift.raw.endpoint import Endpoint

class Phase(IntEnum):
    """How far a connection's life has come."""

    SERVING = 0
    LAST_ANSWER = 1
    LINGERING = 2
    DONE = 3
    CONVERSING = 4
    INTRODUCED = 5
    SHAKING = 6

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
    def deadline(self) -> int: ...
    @property
    def reset(self) -> bool: ...
    @property
    def unread_input(self) -> bool: ...
    @property
    def leaves(self) -> bool: ...
