"""What a client says when a step does not succeed: each message tells what was tried."""

from __future__ import annotations

from gearshift.errors import GearshiftError


class ClientError(GearshiftError):
    """A step of a client did not succeed. Its subclasses are the usual reasons; others say what the kernel said."""


class NameNotFoundError(ClientError):
    """No address is known for the host's name."""


class RefusedError(ClientError):
    """Nobody listens there."""


class TimedOutError(ClientError):
    """The step was not over in time."""


class ResetError(ClientError):
    """The peer has cut the connection: what it sent last may be lost."""


class EndedError(ClientError):
    """The peer has finished before all had come that was waited for. `received`: what had come."""

    def __init__(self, message: str, received: bytes) -> None:
        super().__init__(message)
        self.received = received


class TooLongError(ClientError):
    """More has come than was to be kept, without what was waited for."""
