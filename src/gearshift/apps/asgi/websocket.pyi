"""The typed face of websocket.py and of the enums in websocket.pxd."""

from enum import IntEnum
from typing import final

from gearshift.apps.asgi.application import AsgiApplication
from gearshift.apps.asgi.websocket_call import WebSocketCall
from gearshift.channel import Channel
from gearshift.exchange import Service

class Line(IntEnum):
    """How far the connection has come as the peer sees it."""

    ASKED = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3

TRANSITIONS: dict[Line, tuple[Line, ...]]

def upgrade(application: AsgiApplication, channel: Channel, service: Service) -> WebSocketExchange | None: ...

@final
class WebSocketExchange(WebSocketCall):
    """One WebSocket as the engine has it."""

    @property
    def line(self) -> Line: ...
    @property
    def messages_in(self) -> int: ...
    @property
    def messages_out(self) -> int: ...
    def look(self, now: float) -> bool: ...
    def go_away(self) -> None: ...
