"""The typed face of pool.py."""

from gearshift.connection import Connection
from gearshift.engines import Timeouts
from gearshift.engines.blocking import BlockingDriver
from gearshift.engines.readiness import ReadinessLoop
from gearshift.exchange import Service

class PoolWorker(BlockingDriver):
    """One thread of the pool."""

    def __init__(
        self, service: Service, timeouts: Timeouts, parks: bool, engine: PoolEngine, name: str
    ) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def serving(self) -> Connection | None: ...
    def run(self) -> None: ...

class PoolEngine(ReadinessLoop):
    """Serves with a poller and a bounded set of threads."""

    is_selector: bool
    @property
    def workers(self) -> list[PoolWorker]: ...
    @property
    def most_workers(self) -> int: ...
    @property
    def taken(self) -> int: ...
    def run(self) -> None: ...
    def close_descriptors(self) -> None: ...
