"""The typed face of waiting.py."""

from collections.abc import Iterator

from gearshift.connection import Connection
from gearshift.exchange import Service

STANDING: float

class Standing:
    """Whether waits stay above a target."""

    def __init__(self, service: Service, target: float) -> None: ...
    @property
    def target(self) -> float: ...
    @property
    def overdue(self) -> bool: ...

class WaitingRequests:
    """Connections whose next step is to run."""

    def __init__(self, service: Service, most: int, target: float) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Connection]: ...
    @property
    def most(self) -> int: ...
    @property
    def standing(self) -> Standing: ...
