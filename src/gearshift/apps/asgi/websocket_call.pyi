"""The typed face of websocket_call.py and of the enum in websocket_call.pxd."""

from collections.abc import Awaitable
from enum import IntEnum
from typing import Any

from gearshift.apps.asgi.turns import Conversing

class Spoken(IntEnum):
    """How far an application has come with what it says."""

    SILENT = 0
    ACCEPTED = 1
    DENYING = 2
    FINISHED = 3

class WebSocketCall(Conversing):
    """One call of an ASGI application for a WebSocket."""

    @property
    def spoken(self) -> Spoken: ...
    def receive(self) -> Awaitable[dict[str, Any]]: ...
    def send(self, message: dict[str, Any]) -> Awaitable[None]: ...
