"""The typed face of auto.py."""

from gearshift.engines.kinds import Kinds
from gearshift.engines.pool import PoolEngine, PoolWorker

class AutoWorker(PoolWorker):
    """One thread, which polls, or serves requests that were handed on, or sleeps."""

class AutoEngine(PoolEngine):
    """Serves inline, and hands on what takes long."""

    @property
    def kinds(self) -> Kinds: ...
    @property
    def leader(self) -> AutoWorker | None: ...
    @property
    def relieved(self) -> int: ...
    def run(self) -> None: ...
    def close_descriptors(self) -> None: ...
