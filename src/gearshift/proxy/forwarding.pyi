"""The typed face of forwarding.py: its methods are called by the compiled core only."""

from enum import IntEnum

from gearshift.proxy.trust import Trust

MOST_REMEMBERED: int

class Standing(IntEnum):
    """Whether a connection's peer is a trusted proxy."""

    UNDECIDED = 0
    TRUSTED = 1
    STRANGER = 2

class Forwarding:
    """What is believed of proxies, and of which."""

    def __init__(
        self,
        trust: Trust,
        names: tuple[bytes, ...],
        prefix: str = "",
        kept: bool = False,
        introduced: bool = False,
    ) -> None: ...
    @property
    def trust(self) -> Trust: ...
    @property
    def names(self) -> tuple[bytes, ...]: ...
    @property
    def prefix(self) -> str: ...
    @property
    def kept(self) -> bool: ...
    @property
    def introduced(self) -> bool: ...
