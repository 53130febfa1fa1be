"""The typed face of watched.py."""

from typing import Any

from gearshift.engines.epoll import EpollEngine

class WatchedEpollEngine(EpollEngine):
    """The epoll engine with a watch over the loop it is the selector of."""

    is_watched: bool
    reporter: Any
    def begin(self) -> None: ...
    def close_descriptors(self) -> None: ...
    def select(self, timeout: float) -> list[tuple[int, bool, bool]]: ...
