"""The descriptors that a server knows to be its own, beside listeners, connections and its engines' pollers."""

from __future__ import annotations

import os
from typing import NamedTuple

from gearshift.apps.loader import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from socket import socket

    from gearshift.apps.loader import Application
    from gearshift.control.server import ControlSocket
    from gearshift.gearbox import Gearbox
    from gearshift.http2.conversation import Http2Application
    from gearshift.observe.access_log import AccessLog
    from gearshift.observe.error_log import ErrorLog
    from gearshift.observe.page.server import StatusServer

    Holder = ErrorLog | AccessLog | socket | None
    Listening = ControlSocket | StatusServer | None


class OwnDescriptors(NamedTuple):
    """descriptors: of logs, signals, event loop. listening: listening sockets that are no listeners, whose connections
    are the server's own. folder: what it serves the files of, "" for none.
    """

    descriptors: Sequence[int]
    listening: Sequence[int] = ()
    folder: str = ""


def own_descriptors(
    gearbox: Gearbox | None,
    holders: Iterable[Holder],
    listeners: Iterable[Listening],
    application: Application,
    http2: Http2Application | None = None,
) -> OwnDescriptors:
    """holders: what has a descriptor each, -1 once it is closed. listeners: what listens and accepts for itself.
    http2: has sockets open beside connections.
    """
    own = [] if gearbox is None else gearbox.own_sockets()
    own += [holder.fileno() for holder in holders if holder is not None]
    own += [] if http2 is None else http2.gateway.descriptors()
    listening = [listener.fileno() for listener in listeners if listener is not None]
    folder = application.target if application.kind is Kind.STATIC else ""
    return OwnDescriptors(own, listening, os.path.realpath(folder) if folder else "")
