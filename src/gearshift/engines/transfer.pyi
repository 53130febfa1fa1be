"""The typed face of transfer.py."""

from collections.abc import Sequence

from gearshift.channel import Driver
from gearshift.connection import Connection
from gearshift.exchange import Service
from gearshift.listeners import Listener

VERSION: int

def packed(connection: Connection) -> bytes: ...
def let_go(connection: Connection) -> None: ...
def unpacked(
    message: bytes, fd: int, service: Service, driver: Driver, listeners: Sequence[Listener]
) -> Connection: ...
