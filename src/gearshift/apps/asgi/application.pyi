"""The typed face of application.py and of the enum in application.pxd."""

from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, final

from gearshift.apps.asgi.call import Call, Callee
from gearshift.apps.asgi.keeper import Keeper
from gearshift.observe.error_log import ErrorLog
from gearshift.websocket.terms import Terms

END_OF_BODY: dict[str, Any]
DISCONNECT: dict[str, Any]

class Said(IntEnum):
    """How much of its answer an application has given."""

    NOTHING = 0
    HEAD = 1
    BODY = 2
    TRAILERS = 3
    EVERYTHING = 4

class AsgiApplication(Callee):
    """An ASGI callable. websockets: the Terms for those, or None for the usual ones."""

    def __init__(
        self, callable: Callable[..., Awaitable[None]], error_log: ErrorLog, websockets: Terms | None = None
    ) -> None: ...
    @property
    def websockets(self) -> Terms | None: ...
    @property
    def keeper(self) -> Keeper | None: ...
    def go_away(self) -> None: ...

@final
class AsgiExchange(Call):
    """One call of an ASGI application for HTTP."""

    def receive(self) -> Awaitable[dict[str, Any]]: ...
    def send(self, message: dict[str, Any]) -> Awaitable[None]: ...
