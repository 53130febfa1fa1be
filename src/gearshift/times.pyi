"""The typed face of times.py."""

from typing import Any

from gearshift.http.request import Request

class Times:
    """Where the time of requests goes."""

    accept_wait: float
    @property
    def floor(self) -> float: ...
    def wants_processor(self, request: Request) -> bool: ...
    def took(
        self,
        request: Request,
        status: int,
        queue: float,
        handler: float,
        write_blocked: float,
        processor: float,
    ) -> int: ...
    def wrote(self, place: int, seconds: float) -> int: ...
    def keep(self, record: dict[str, Any]) -> int: ...
    def slowest_since(self, now: float) -> list[dict[str, Any]]: ...
    def kinds(self) -> list[dict[str, Any]]: ...
