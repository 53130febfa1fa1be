"""The client's side of a socket, step by step: `gearshift.connect()`."""

from gearshift.client.connection import Client, connect
from gearshift.client.errors import (
    ClientError,
    EndedError,
    NameNotFoundError,
    RefusedError,
    ResetError,
    TimedOutError,
    TooLongError,
)

__all__ = [
    "Client",
    "ClientError",
    "EndedError",
    "NameNotFoundError",
    "RefusedError",
    "ResetError",
    "TimedOutError",
    "TooLongError",
    "connect",
]
