"""The last call of a raw handler: that its connection, or its socket, is closed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.conversation import Conversation


def tell_closed(conversation: Conversation) -> None:
    """What closed() raises is told, and changes nothing: the connection has ended."""
    application = conversation.application
    closed = getattr(conversation.handler, "closed", None)
    if closed is None:
        return
    if application.loop is not None:
        from gearshift.raw.asynchronous import after  # others do without asyncio

        after(conversation, closed)
        return
    try:
        closed()
    except BaseException as error:  # SystemExit too: one connection must not end the server
        application.error_log.exception(f"error in closed {application.name}", error)
