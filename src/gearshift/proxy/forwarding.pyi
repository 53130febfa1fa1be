"""The typed face of forwarding.py: its methods are called by the compiled core only."""

from gearshift.proxy.trust import Trust

MOST_REMEMBERED: int

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
