"""Who serves a request and on which socket: made only when somebody asks."""

from __future__ import annotations

import os
import threading

from gearshift.kernel.sockets import facts as socket_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.channel import Channel


class ConnectionFacts:
    """A connection's five parts (protocol, two addresses, two ports) beside its listener's three, and who serves it.

    engine, thread, process: who runs the handler. protocol: "TCP" or "Unix". local, peer: address and port as text.
    fd, inode: the connected socket. listener_local, listener_fd: the listening one (-1 once it is closed).
    requests: how many this connection has carried, this one included.
    tls_version, tls_cipher: what was agreed on, "" where nothing is sealed.
    """

    __slots__ = (
        "engine",
        "fd",
        "inode",
        "listener_fd",
        "listener_local",
        "local",
        "peer",
        "process",
        "protocol",
        "requests",
        "thread",
        "tls_cipher",
        "tls_version",
    )

    def __init__(self, engine: str, channel: Channel) -> None:
        seen = socket_facts(channel.fd)
        self.engine = engine
        self.thread = threading.current_thread().name
        self.process = os.getpid()
        self.protocol = seen.protocol
        self.local = seen.local
        self.peer = seen.peer
        self.fd = channel.fd
        self.inode = seen.inode
        self.listener_local = channel.listener.address
        self.listener_fd = channel.listener.fd
        self.requests = channel.requests
        tls = (channel.outer or channel).tls
        self.tls_version = "" if tls is None else tls.version
        self.tls_cipher = "" if tls is None else tls.cipher


connection_facts = ConnectionFacts
