"""The typed face of application.py and of the enum in application.pxd."""

from asyncio import AbstractEventLoop, Task
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, final

from gearshift.apps.asgi.scope import ScopeBuilder
from gearshift.exchange import Application, Exchange
from gearshift.observe.error_log import ErrorLog

END_OF_BODY: dict[str, Any]
DISCONNECT: dict[str, Any]

class Said(IntEnum):
    """How much of its answer an application has given."""

    NOTHING = 0
    HEAD = 1
    BODY = 2
    TRAILERS = 3
    EVERYTHING = 4

class AsgiApplication(Application):
    """An ASGI callable and what its calls share; attach() says on which loop its coroutines run."""

    ending: bool

    def __init__(self, callable: Callable[..., Awaitable[None]], error_log: ErrorLog) -> None: ...
    @property
    def callable(self) -> Callable[..., Awaitable[None]]: ...
    @property
    def state(self) -> dict[str, Any] | None: ...
    @property
    def loop(self) -> AbstractEventLoop: ...
    @property
    def tasks(self) -> dict[Task[None], AsgiExchange]: ...
    def attach(self, loop: AbstractEventLoop) -> None: ...
    def share(self, state: dict[str, Any]) -> None: ...
    def request_of(self, task: Task[Any] | None) -> str | None: ...
    def local(self, concurrent: bool) -> ScopeBuilder: ...

@final
class AsgiExchange(Exchange):
    """One call of an ASGI application for HTTP."""

    def receive(self) -> Awaitable[dict[str, Any]]: ...
    def send(self, message: dict[str, Any]) -> Awaitable[None]: ...
    def time_out(self) -> None: ...
