"""The typed face of transport.py and of the enum in transport.pxd."""

from enum import IntEnum

from gearshift.connection import Connection

class Sent(IntEnum):
    """How much of an output has left."""

    ALL = 0
    SOME = 1
    FAILED = 2

def hang_up(connection: Connection) -> bool:
    """Ends the connection from outside."""
