"""The typed face of application.py."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import final

from gearshift.apps.wsgi.environ import EnvironBuilder
from gearshift.exchange import Application, Exchange
from gearshift.observe.error_log import ErrorLog

class WsgiApplication(Application):
    """A WSGI callable and what its calls share. in_processes: whether other processes may call one like it."""

    def __init__(
        self, callable: Callable[..., Iterable[bytes]], error_log: ErrorLog, in_processes: bool = False
    ) -> None: ...
    @property
    def callable(self) -> Callable[..., Iterable[bytes]]: ...
    def local(self, concurrent: bool) -> EnvironBuilder: ...

@final
class StartResponse:
    """The callable given to the application; it keeps what it was told until the first byte of the body."""

    def __call__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: tuple[type[BaseException], BaseException, TracebackType | None] | None = None,
    ) -> Callable[[bytes], None]: ...
    def write(self, data: bytes) -> None: ...

@final
class WsgiExchange(Exchange):
    """One call of a WSGI application."""
