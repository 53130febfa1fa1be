"""What a connection does, at one moment: for whoever looks at it from another thread."""

import cython
from cython.cimports.gearshift.connection import Connection, Phase
from cython.cimports.gearshift.exchange import Exchange, Stage
from cython.cimports.gearshift.http.states import Reading


def seen(connection: Connection) -> tuple:
    """(what it does, monotonic seconds since when or 0, method, path, exchange). Nothing here lets go of the
    interpreter, and the request's bytes may be gone as soon as somebody does.
    """
    exchange: Exchange = connection.exchange
    method = path = None
    if exchange is not None:
        method, path = exchange.request.method, exchange.request.path
    return (_doing(connection), _doing_since(connection), method, path, exchange)


def spoken(connection: Connection):
    """What is spoken with the peer; None before that is settled."""
    exchange: Exchange = connection.exchange
    if connection.phase == Phase.SHAKING or connection.phase == Phase.INTRODUCED:
        return None
    if exchange is not None and exchange.upgraded:
        return "WebSocket"
    if connection.outer is not None:
        return "HTTP/2"
    return "HTTP/1" if connection.conversation is None else connection.conversation.application.name


def _doing(connection: Connection):
    """Its phase in words; docs/status-schema.md lists them."""
    exchange: Exchange = connection.exchange
    pending: cython.bint = connection.unsent() > 0
    if connection.phase == Phase.SHAKING:
        return "handshake"
    if not connection.speaks():
        return "writing" if pending and connection.phase == Phase.LAST_ANSWER else "closing"
    if exchange is None:
        if pending:
            return "writing"
        if connection.conversation is not None and connection.conversation.streams > 0:
            return "carrying streams"
        return "reading head" if connection.protocol.reading == Reading.HEAD else "idle"
    if exchange.stage == Stage.READY:
        return "waiting"
    if exchange.stage == Stage.RUNNING:
        if connection.blocked_since > 0:
            return "writing"
        return "websocket" if exchange.upgraded else "in handler"
    return "reading body"


def _doing_since(connection: Connection):
    exchange: Exchange = connection.exchange
    if connection.blocked_since > 0:
        return connection.blocked_since
    if exchange is not None:
        return exchange.called if exchange.stage == Stage.RUNNING else exchange.began
    return connection.since
